/* The digits model without any runtime: digits_main IMAGES ANSWERS reads 8x8 float images, writes 10 floats for each. */
#include "digits.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double now(void) {
  struct timespec t;
  timespec_get(&t, TIME_UTC);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

int main(int argc, char **argv) {
  float image[64], answer[10];
  FILE *images = argc == 3 ? fopen(argv[1], "rb") : NULL, *answers = argc == 3 ? fopen(argv[2], "wb") : NULL;
  void *workspace = aligned_alloc(64, (digits_workspace_size() + 64) / 64 * 64);
  double best = 1e9;
  if (!images || !answers || !workspace) {
    fprintf(stderr, "usage: digits_main IMAGES ANSWERS\n");
    return 1;
  }
  while (fread(image, sizeof image, 1, images) == 1) {
    double begin = now(), end;
    int code = digits_run(image, answer, workspace);
    end = now();
    if (code != 0) {
      fprintf(stderr, "digits_main: %s\n", digits_error(code));
      return 1;
    }
    best = end - begin < best ? end - begin : best;
    fwrite(answer, sizeof answer, 1, answers);
  }
  printf("%.2f\n", 1e6 * best);
  free(workspace);
  fclose(images);
  return fclose(answers);
}
