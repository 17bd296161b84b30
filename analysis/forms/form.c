#include "analysis/forms/form.h"

#include <math.h>
#include <string.h>

static const Form *const form_list[] = {
#define FORM(id) &form_##id,
#include "analysis/forms/forms.def"
#undef FORM
};
enum { N_FORMS = sizeof form_list / sizeof form_list[0] };

size_t form_count(void)
{
    return N_FORMS;
}

const Form *form_at(size_t i)
{
    return i < N_FORMS ? form_list[i] : NULL;
}

const Form *form_find(const char *name)
{
    for (size_t i = 0; i < N_FORMS; i++) {
        if (strcmp(form_list[i]->name, name) == 0) {
            return form_list[i];
        }
    }
    return NULL;
}

double form_loss(const Form *f, const double *params, const double *inputs)
{
    double theta[FORM_MAX_PARAMS], x[FORM_MAX_INPUTS];
    const double centre[FORM_MAX_INPUTS] = {0.0};
    f->internal(params, centre, theta);
    for (size_t k = 0; k < f->n_inputs; k++) {
        x[k] = log(inputs[k]);
    }
    return f->value(theta, x);
}
