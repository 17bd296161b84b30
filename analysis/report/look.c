#include "analysis/report/look.h"

#include <stdio.h>

#include "trainer/arch/arch.h"

PlotLook look_of(const char *group, size_t index)
{
    const Arch *arch = arch_find(group);
    PlotLook look = plot_look(arch ? arch->title : group, index);
    if (arch) {
        (void)snprintf(look.color, sizeof look.color, "%s", arch->color);
        (void)snprintf(look.text, sizeof look.text, "%s", arch->color);
        look.code = arch->code;
    }
    return look;
}

const char *look_compute(ObsConvention c)
{
    switch (c) {
    case OBS_PAPER:
        return "training compute C (paper convention) [FLOP]";
    case OBS_EXACT:
        return "training compute C (exact convention) [FLOP]";
    case OBS_6ND:
        return "training compute C (6nd convention) [FLOP]";
    case OBS_GIVEN:
    case OBS_DEFAULT:
        break;
    }
    return "training compute C (as given) [FLOP]";
}

const char *look_input(FormInput k, ObsConvention c)
{
    return k == FORM_N ? LOOK_PARAMS : k == FORM_D ? LOOK_TOKENS : look_compute(c);
}
