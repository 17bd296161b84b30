#include "trainer/models/layers/rope.h"

#include <math.h>

void angles_at(size_t t, size_t w, const double *theta, Real *cosine, Real *sine)
{
    for (size_t j = 0; j < w; j++) {
        double angle = (double)t * theta[j];
        cosine[j] = (Real)cos(angle);
        sine[j] = (Real)sin(angle);
    }
}

void rope_theta(size_t p, double base, double *theta)
{
    for (size_t j = 0; j < p / 2; j++) {
        theta[j] = pow(base, -2.0 * (double)j / (double)p);
    }
}

void rope_forward(size_t h, size_t p, const Real *cosine, const Real *sine, Real scale, Real *x)
{
    size_t half = p / 2;
    for (size_t i = 0; i < h; i++) {
        Real *x1 = x + i * p, *x2 = x1 + half;
        for (size_t j = 0; j < half; j++) {
            Real a = scale * x1[j], b = scale * x2[j];
            x1[j] = a * cosine[j] - b * sine[j];
            x2[j] = a * sine[j] + b * cosine[j];
        }
    }
}

void rope_backward(size_t h, size_t p, const Real *cosine, const Real *sine, Real scale, Real *dx)
{
    size_t half = p / 2;
    for (size_t i = 0; i < h; i++) {
        Real *d1 = dx + i * p, *d2 = d1 + half;
        for (size_t j = 0; j < half; j++) {
            Real a = scale * d1[j], b = scale * d2[j];
            d1[j] = a * cosine[j] + b * sine[j];
            d2[j] = b * cosine[j] - a * sine[j];
        }
    }
}

void lrpe_forward(const Kern *k, size_t h, size_t p, const Real *cosine, const Real *sine,
                  const Real *x, Real *y)
{
    for (size_t i = 0; i < h; i++) {
        k->mul(p, x + i * p, cosine + i * p, y + i * 2 * p);
        k->mul(p, x + i * p, sine + i * p, y + i * 2 * p + p);
    }
}

void lrpe_backward(const Kern *k, size_t h, size_t p, const Real *cosine, const Real *sine,
                   const Real *dy, Real *dx)
{
    for (size_t i = 0; i < h; i++) {
        k->mul(p, dy + i * 2 * p, cosine + i * p, dx + i * p);
        k->mul_add(p, dy + i * 2 * p + p, sine + i * p, dx + i * p);
    }
}

void lrpe_theta_grad(size_t h, size_t p, size_t t, const Real *y, const Real *dy, double *dtheta)
{
    for (size_t i = 0; i < h; i++) {
        const Real *yc = y + i * 2 * p, *ys = yc + p;
        const Real *dc = dy + i * 2 * p, *ds = dc + p;
        for (size_t j = 0; j < p; j++) {
            double moment = (double)ds[j] * (double)yc[j] - (double)dc[j] * (double)ys[j];
            dtheta[i * p + j] += (double)t * moment;
        }
    }
}
