#ifndef LAMINA_LAMINA_H
#define LAMINA_LAMINA_H

#include <lamina/activations.h>
#include <lamina/config.h>
#include <lamina/error.h>
#include <lamina/expr.h>
#include <lamina/initializers.h>
#include <lamina/layer.h>
#include <lamina/layers.h>
#include <lamina/losses.h>
#include <lamina/metrics.h>
#include <lamina/model.h>
#include <lamina/npz.h>
#include <lamina/ops.h>
#include <lamina/optimizers.h>
#include <lamina/profile.h>
#include <lamina/regularizers.h>
#include <lamina/tensor.h>
#include <lamina/value.h>
#include <lamina/variable.h>
#include <lamina/windows.h>

#endif
