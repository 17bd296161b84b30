#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/obs/frame_csv.h"
#include "analysis/obs/obs.h"
#include "tests/support/suite.h"
#include "tests/support/tmp.h"

static const char table[] = "arch,size,run,params,D,loss,C,note\n"
                            "a,20k,r1,20k,1e6,3.5,1.2e11,x\n"
                            "a,20k,r1,20k,4M,3.1,4.8e11,y\n"
                            "b,20k,r2,21000,1e6,3.6,1.3e11,x\n"
                            "a,85k,r3,85000,4e6,2.9,2e12,bad\n"
                            "b,20k,r2,21000,4e6,3.2,5.2e11,x\n";

static Frame frame;

static Obs obs;
static ObsOptions o;
static Err err;

/* A frame, and options that name its column of N. */
static void set_up(void)
{
    tmp_open();
    err = ERR_INIT;
    obs = (Obs){.arena = ARENA_INIT};
    o = (ObsOptions){.map = {"N=params"}, .n_map = 1};
    const char *path = tmpdir_write(&tmp, "t.csv", table);
    ck_assert_int_eq(frame_read_csv(path, &frame, &err), ERR_OK);
}

static void tear_down(void)
{
    obs_release(&obs);
    frame_release(&frame);
    tmp_close();
}

/* The rows of what the options ask for, in place of those before. */
static void select_rows(size_t n_used)
{
    obs_release(&obs);
    ck_assert_msg(obs_select(&frame, &o, &obs, &err) == ERR_OK, "%s", err.msg);
    ck_assert_uint_eq(obs.n_used, n_used);
}

static void refuse(ErrCode code, const char *message, const char *hint)
{
    Obs none;
    ck_assert_int_eq(obs_select(&frame, &o, &none, &err), code);
    ck_assert_msg(strstr(err.msg, message) != NULL, "%s", err.msg);
    ck_assert_msg(strstr(err.hint, hint) != NULL, "%s", err.hint);
}

START_TEST(rows_become_groups_of_numbers)
{
    o.by = "arch";
    select_rows(5);
    ck_assert_uint_eq(obs.n_groups, 2);
    ck_assert_uint_eq(obs.n_read, 5);
    ck_assert_int_eq(obs.convention, OBS_GIVEN);
    const ObsGroup *a = &obs.group[0], *b = &obs.group[1];
    ck_assert_str_eq(a->name, "a");
    ck_assert_uint_eq(a->data.n, 3);
    ck_assert_uint_eq(a->data.n_runs, 2);
    ck_assert_uint_eq(a->data.run[2], 1);
    ck_assert_str_eq(a->run_name[1], "r3");
    ck_assert_double_eq(a->data.params[0], 20000.0);
    ck_assert_double_eq(a->data.tokens[1], 4e6);
    ck_assert_double_eq(a->data.flops[2], 2e12);
    ck_assert_uint_eq(b->data.n, 2);
    ck_assert_uint_eq(b->data.run[0], 0);
    ck_assert_double_eq(b->data.loss[1], 3.2);
    ck_assert(isnan(b->bits_per_byte[0]));
}
END_TEST

START_TEST(groups_may_be_by_several_columns)
{
    o.by = "arch,size";
    select_rows(5);
    ck_assert_uint_eq(obs.n_groups, 3);
    ck_assert_str_eq(obs.group[0].name, "a/20k");
    ck_assert_str_eq(obs.group[1].name, "b/20k");
    ck_assert_str_eq(obs.group[2].name, "a/85k");
    ck_assert_str_eq(obs.by, "arch,size");
    o.by = "arch,sise";
    refuse(ERR_INVALID, "", "\"size\"");
    o.by = "arch,size,run,D,loss,C,note,params,arch";
    refuse(ERR_USAGE, "", "");
}
END_TEST

static const struct {
    const char *where;
    size_t used;
} condition[] = {
    {"arch=a", 3},        {"arch != a", 2}, {"D>1e6", 3},      {"D>=1M", 5},     {"D < 4000000", 2},
    {"params<=20000", 2}, {"size=20k", 4},  {"size=20000", 4}, {"note==bad", 1},
};

START_LOOP_TEST(conditions_select_by_number_and_by_text, sizeof condition / sizeof condition[0])
{
    o.where[o.n_where++] = condition[_i].where;
    select_rows(condition[_i].used);
    ck_assert_uint_eq(obs.n_where, 5 - obs.n_used);
}
END_TEST

START_TEST(warm_up_is_left_out_by_run)
{
    o.skip_fraction = 0.5;
    select_rows(3);
    ck_assert_uint_eq(obs.n_early, 2);
    o = (ObsOptions){.map = {"N=params"}, .n_map = 1};
    o.is_final_only = true;
    select_rows(3);
    o = (ObsOptions){.map = {"N=params"}, .n_map = 1};
    o.min_tokens = 2e6;
    select_rows(3);
    ck_assert_uint_eq(obs.n_early, 2);
}
END_TEST

START_TEST(c_is_six_n_d_when_asked_or_missing)
{
    o.convention = OBS_6ND;
    select_rows(5);
    ck_assert_double_eq(obs.group[0].data.flops[0], 6.0 * 20000.0 * 1e6);
}
END_TEST

START_TEST(what_is_wrong_is_named)
{
    const struct {
        ObsOptions o;
        ErrCode code;
        const char *words, *hint;
    } c[] = {
        {{.by = NULL}, ERR_INVALID, "there is no column \"N\"", "--map N=params"},
        {{.map = {"N=parms"}, .n_map = 1}, ERR_INVALID, "no column \"parms\"", "\"params\""},
        {{.map = {"M=params"}, .n_map = 1}, ERR_USAGE, "--map takes N, D, C, loss", ""},
        {{.map = {"params"}, .n_map = 1}, ERR_USAGE, "--map takes NAME=COLUMN", ""},
        {{.map = {"N=size"}, .n_map = 1, .where = {"arhc=a"}, .n_where = 1},
         ERR_INVALID,
         "no column \"arhc\"",
         "arch"},
        {{.map = {"N=size"}, .n_map = 1, .where = {"arch"}, .n_where = 1},
         ERR_USAGE,
         "\"arch\" is not a condition",
         "COLUMN=VALUE"},
        {{.map = {"N=size"}, .n_map = 1, .where = {"note>1"}, .n_where = 1},
         ERR_INVALID,
         "t.csv:2: column \"note\": \"x\" has no order",
         ""},
        {{.map = {"N=note"}, .n_map = 1},
         ERR_INVALID,
         "t.csv:2: column \"note\": \"x\" is not a number",
         "--where 'note!=x'"},
        {{.map = {"N=size"}, .n_map = 1, .where = {"D>1e9"}, .n_where = 1},
         ERR_INVALID,
         "none of its 5 rows",
         ""},
        {{.map = {"N=size"}, .n_map = 1, .by = "archi"},
         ERR_INVALID,
         "no column \"archi\"",
         "arch"},
        {{.map = {"N=size"}, .n_map = 1, .convention = OBS_PAPER}, ERR_INVALID, "\"C_paper\"", ""},
    };
    for (size_t i = 0; i < sizeof c / sizeof c[0]; i++) {
        o = c[i].o;
        refuse(c[i].code, c[i].words, c[i].hint);
    }
    ObsConvention convention;
    ck_assert_int_eq(obs_convention_parse("exact", &convention, &err), ERR_OK);
    ck_assert_int_eq(convention, OBS_EXACT);
    ck_assert_int_eq(obs_convention_parse("default", &convention, &err), ERR_USAGE);
}
END_TEST

/* Rows alike in size and D: the one of least loss, within each group. */
START_TEST(the_best_row_of_each_key_is_kept)
{
    o.best_per = "size,D";
    select_rows(3);
    ck_assert_uint_eq(obs.n_worse, 2);
    ck_assert_double_eq(obs.group[0].data.loss[0], 3.5);
    ck_assert_double_eq(obs.group[0].data.loss[1], 3.1);
    o.by = "arch"; /* groups do not compete */
    select_rows(5);
    o.best_per = "size,,D";
    refuse(ERR_USAGE, "", "");
    o.best_per = "width";
    refuse(ERR_INVALID, "", "");
}
END_TEST

START_TEST(a_column_may_be_scaled)
{
    o = (ObsOptions){.map = {"N=params*1e-3", "batch=D*2048", "sigma=params"}, .n_map = 3};
    o.needs = obs_needs(form_find("hyper:batch"));
    select_rows(5);
    ck_assert_double_eq_tol(obs.group[0].data.params[0], 20.0, 1e-12);
    ck_assert_double_eq(obs.group[0].data.batch[0], 2048e6);
    ck_assert_double_eq(obs.group[0].data.sigma[0], 20000.0);
    ck_assert_ptr_null(obs.group[0].data.rate);
}
END_TEST

/* A law in D alone does not ask for N, and one with other inputs names what it lacks. */
START_TEST(only_what_a_law_reads_must_be_there)
{
    o = (ObsOptions){.needs = obs_needs(form_find("power:D"))};
    select_rows(5);
    ck_assert(isnan(obs.group[0].data.params[0]));
    o.needs = obs_needs(form_find("logistic"));
    refuse(ERR_INVALID, "there is no column \"accuracy\"", "--map accuracy=COLUMN");
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "analysis/obs", .set_up = set_up, .tear_down = tear_down});
}
