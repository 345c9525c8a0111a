// All ops, for the generated documentation.
include "dialects/lamina/ContractionOps.td"
include "dialects/lamina/ElementwiseOps.td"
include "dialects/lamina/KernelOps.td"
include "dialects/lamina/RandomOps.td"
include "dialects/lamina/RecurrentOps.td"
include "dialects/lamina/ReductionOps.td"
include "dialects/lamina/ShapeOps.td"
include "dialects/lamina/WindowOps.td"
