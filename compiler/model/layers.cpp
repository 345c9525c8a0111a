// Including every layer registers it.
#include <lamina/layers.h>
