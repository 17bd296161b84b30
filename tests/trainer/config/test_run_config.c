#include "trainer/config/run_config.h"

#include <stdio.h>
#include <string.h>

#include "common/buf.h"
#include "common/json.h"
#include "tests/support/check_close.h"
#include "tests/support/suite.h"

/* A whole config.json; ' stands for ". */
static const char text[] =
    "{'schema':1,'name':'tnl-20k','study':'demo','size':'20k',"
    "'model':{'architecture':'tnl','layers':2,'width':32,'heads':1,'head_width':32,"
    "'mlp_width':96,'vocabulary':256,'norm_eps':1e-6},"
    "'corpus':{'text':['default'],'tokenizer':'bytes','validation':65536,'repeat':false},"
    "'training':{'tokens':10000000,'sequence':512,'batch':8192,'optimizer':{'adamw':{'lr':0.003,"
    "'betas':[0.9,0.95],'eps':1e-8,'weight_decay':0.1}},'schedule':{'constant':{'warmup':50}},"
    "'clip':1.0,'precision':'f32','diverged_above':20},"
    "'checkpoints':{'count':57,'spacing':'log','first':100000,'keep':'weights'},"
    "'evaluation':['validation'],'seed':1,'threads':1}";

/* `text` with the first occurrence of `from` replaced by `to`, parsed. */
static json_t *variant(const char *from, const char *to)
{
    Buf b = BUF_INIT;
    const char *at = strstr(text, from);
    ck_assert_ptr_nonnull(at);
    buf_add(&b, text, (size_t)(at - text));
    buf_puts(&b, to);
    buf_puts(&b, at + strlen(from));
    for (size_t i = 0; i < b.len; i++) {
        b.data[i] = b.data[i] == '\'' ? '"' : b.data[i];
    }
    json_error_t why;
    json_t *v = json_loads(buf_str(&b), 0, &why);
    ck_assert_msg(v != NULL, "%s: %s", why.text, buf_str(&b));
    buf_release(&b);
    return v;
}

static RunConfig parsed(const char *from, const char *to)
{
    json_t *v = variant(from, to);
    RunConfig c;
    Err err = ERR_INIT;
    ck_assert_msg(run_config_from_json(v, &c, &err) == ERR_OK, "%s", err.msg);
    json_decref(v);
    return c;
}

START_TEST(every_field_is_read)
{
    RunConfig c = parsed("'seed':1", "'seed':7");
    ck_assert_str_eq(c.shape.arch->name, "tnl");
    ck_assert_int_eq(c.shape.layers, 2);
    ck_assert_int_eq(c.shape.mlp_width, 96);
    ck_assert_int_eq(c.seed, 7);
    ck_assert_int_eq(c.steps, 1221); /* 10,000,000 / 8192 = 1220.7 */
    ck_assert(c.lr == 0.003 && c.beta1 == 0.9 && c.beta2 == 0.95 && c.adam_eps == 1e-8);
    ck_assert(c.weight_decay == 0.1 && c.clip == 1.0 && c.diverged_above == 20.0);
    ck_assert_int_eq(c.schedule.kind, SCHEDULE_CONSTANT);
    ck_assert_int_eq(c.schedule.warmup_steps, 50);
    ck_assert_int_eq(c.checkpoint_count, 57);
    ck_assert_int_eq(c.precision, PRECISION_F32);
    ck_assert(c.evaluates_validation && !c.repeat);
    ck_assert_str_eq(c.name, "tnl-20k");
}
END_TEST

START_TEST(an_option_of_the_architecture_is_read)
{
    RunConfig c = parsed("'norm_eps':1e-6", "'norm_eps':1e-6,'lrpe_layer0':true");
    ck_assert(arch_option(&c.shape, "lrpe_layer0") == 1.0);
    c = parsed("'seed':1", "'seed':1");
    ck_assert(arch_option(&c.shape, "lrpe_layer0") == 0.0);
}
END_TEST

/* What is wrong, how the text is changed, what the message must name. */
static const struct {
    const char *from, *to, *says;
    ErrCode code;
} bad[] = {
    {"'schema':1", "'schema':2", "schema", ERR_FORMAT},
    {"'seed':1", "'seed':'one'", "seed", ERR_FORMAT},
    {"'seed':1", "'seed':-1", "seed", ERR_INVALID},
    {"'threads':1", "'threads':0", "threads", ERR_INVALID},
    {"'threads':1", "'threads':'many'", "threads", ERR_FORMAT},
    {"'tnl'", "'gpt'", "gpt", ERR_INVALID},
    {"'heads':1", "'heads':5", "heads", ERR_INVALID},
    {"'head_width':32", "'head_width':16", "head_width", ERR_INVALID},
    {"'layers':2", "'layers':-2", "model", ERR_INVALID},
    {"'norm_eps':1e-6", "'norm_eps':1e-6,'lrpe':1", "lrpe", ERR_FORMAT},
    {"'norm_eps':1e-6", "'norm_eps':1e-6,'lrpe_layer0':2", "true or false", ERR_FORMAT},
    {"'tokens':10000000,", "", "tokens", ERR_FORMAT},
    {"'tokens':10000000,", "'tokens':0,", "tokens", ERR_INVALID},
    {"'sequence':512", "'sequence':500", "multiple of sequence", ERR_INVALID},
    {"'f32'", "'f64'", "precision", ERR_INVALID},
    {"[0.9,0.95]", "[0.9]", "betas", ERR_FORMAT},
    {"[0.9,0.95]", "[0.9,1.0]", "betas", ERR_INVALID},
    {"'constant'", "'linear'", "schedule", ERR_FORMAT},
    {"'warmup':50", "'warmup':-1", "warmup", ERR_INVALID},
    {"'constant':{", "'cosine':{", "floor", ERR_FORMAT},
    {"'spacing':'log'", "'spacing':'cubic'", "spacing", ERR_INVALID},
    {"'count':57", "'count':0", "count", ERR_INVALID},
    {"'repeat':false", "'repeat':0", "repeat", ERR_FORMAT},
    {"'seed':1", "'seed':1,'run':'abc'", "digest", ERR_INVALID},
};

START_LOOP_TEST(a_bad_config_is_refused_by_name, sizeof bad / sizeof bad[0])
{
    json_t *v = variant(bad[_i].from, bad[_i].to);
    RunConfig c;
    Err err = ERR_INIT;
    ErrCode rc = run_config_from_json(v, &c, &err);
    ck_assert_msg(rc == bad[_i].code, "%s -> %s: %s: %s", bad[_i].from, bad[_i].to,
                  err_code_name(rc), err.msg);
    ck_assert_msg(strstr(err.msg, bad[_i].says) != NULL, "\"%s\" does not say \"%s\"", err.msg,
                  bad[_i].says);
    json_decref(v);
}
END_TEST

static void identity_of(const char *from, const char *to, char out[SHA256_HEX_BYTES])
{
    json_t *v = variant(from, to);
    Err err = ERR_INIT;
    ck_assert_msg(run_config_identity(v, out, &err) == ERR_OK, "%s", err.msg);
    json_decref(v);
}

START_TEST(identity_is_the_sha256_of_the_canonical_text)
{
    /* The canonical text, written out by hand from the rules of common/json.h. */
    char got[SHA256_HEX_BYTES], want[SHA256_HEX_BYTES];
    static const char canonical[] =
        "{\"checkpoints\":{\"count\":57,\"first\":100000,\"spacing\":\"log\"},"
        "\"corpus\":{\"repeat\":false,\"text\":[\"default\"],\"tokenizer\":\"bytes\","
        "\"validation\":65536},"
        "\"model\":{\"architecture\":\"tnl\",\"head_width\":32,\"heads\":1,\"layers\":2,"
        "\"mlp_width\":96,\"norm_eps\":1e-06,\"vocabulary\":256,\"width\":32},"
        "\"seed\":1,"
        "\"training\":{\"batch\":8192,\"clip\":1,\"diverged_above\":20,"
        "\"optimizer\":{\"adamw\":{\"betas\":[0.9,0.95],\"eps\":1e-08,\"lr\":0.003,"
        "\"weight_decay\":0.1}},\"precision\":\"f32\",\"schedule\":{\"constant\":{\"warmup\":50}},"
        "\"sequence\":512,\"tokens\":10000000}}";
    Err err = ERR_INIT;
    ck_assert_int_eq(hash_sha256(canonical, strlen(canonical), want, &err), ERR_OK);
    identity_of("'seed':1", "'seed':1", got);
    ck_assert_str_eq(got, want);
}
END_TEST

START_TEST(identity_depends_on_results_only)
{
    char base[SHA256_HEX_BYTES], got[SHA256_HEX_BYTES];
    identity_of("'seed':1", "'seed':1", base);
    static const char *const same[][2] = {{"'demo'", "'other'"},
                                          {"'tnl-20k'", "'x'"},
                                          {"'20k'", "'tiny'"},
                                          {"'threads':1", "'threads':4"},
                                          {"'threads':1", "'threads':'auto'"},
                                          {"'keep':'weights'", "'keep':'all'"},
                                          {"'clip':1.0", "'clip':1"},
                                          {"10000000", "1e7"}};
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        identity_of(same[i][0], same[i][1], got);
        ck_assert_msg(strcmp(got, base) == 0, "%s changes the identity", same[i][1]);
    }
    static const char *const other[][2] = {{"'seed':1", "'seed':2"},
                                           {"'layers':2", "'layers':3"},
                                           {"'lr':0.003", "'lr':0.004"},
                                           {"'count':57", "'count':58"},
                                           {"'default'", "'mine.txt'"}};
    for (size_t i = 0; i < sizeof other / sizeof other[0]; i++) {
        identity_of(other[i][0], other[i][1], got);
        ck_assert_msg(strcmp(got, base) != 0, "%s keeps the identity", other[i][1]);
    }
}
END_TEST

START_TEST(identities_never_change)
{
    FILE *f = fopen(SLAW_SOURCE_DIR "/tests/vectors/identity.jsonl", "re");
    ck_assert_ptr_nonnull(f);
    int n = 0;
    for (json_t *v = json_loadf(f, JSON_DISABLE_EOF_CHECK, NULL); v;
         v = json_loadf(f, JSON_DISABLE_EOF_CHECK, NULL)) {
        char got[SHA256_HEX_BYTES];
        Err err = ERR_INIT;
        const json_t *config = json_object_get(v, "config");
        ck_assert_int_eq(run_config_identity(config, got, &err), ERR_OK);
        ck_assert_msg(strcmp(got, json_string_value(json_object_get(v, "sha256"))) == 0,
                      "line %d: %s", n + 1, json_string_value(json_object_get(v, "why")));
        json_decref(v);
        n++;
    }
    (void)fclose(f);
    ck_assert_int_ge(n, 9);
}
END_TEST

START_TEST(identity_names_a_missing_part)
{
    json_t *v = variant("'seed':1", "'sead':1");
    char out[SHA256_HEX_BYTES];
    Err err = ERR_INIT;
    ck_assert_int_eq(run_config_identity(v, out, &err), ERR_FORMAT);
    ck_assert_ptr_nonnull(strstr(err.msg, "seed"));
    json_decref(v);
}
END_TEST

static RunConfig spaced(Spacing spacing, int64_t count, int64_t first, int64_t batch, int64_t steps)
{
    return (RunConfig){.checkpoint_count = count,
                       .checkpoint_first_tokens = first,
                       .checkpoint_spacing = spacing,
                       .batch_tokens = batch,
                       .steps = steps};
}

static void expect_steps(RunConfig c, const int64_t *want)
{
    int64_t got[64];
    Err err = ERR_INIT;
    ck_assert_msg(run_config_checkpoint_steps(&c, got, &err) == ERR_OK, "%s", err.msg);
    for (int64_t i = 0; i < c.checkpoint_count; i++) {
        ck_assert_msg(got[i] == want[i], "[%lld] got %lld, want %lld", (long long)i,
                      (long long)got[i], (long long)want[i]);
    }
}

START_TEST(log_steps_are_geometric)
{
    /* 10^(0, 1/2, 1, 3/2, 2) from 10: 10 31.6 100 316.2 1000 */
    expect_steps(spaced(SPACING_LOG, 5, 1000, 100, 1000), (int64_t[]){10, 32, 100, 316, 1000});
    /* first = 1001 tokens is step 11 of 100 tokens: 11 * (1000/11)^(1/2) = 104.88 */
    expect_steps(spaced(SPACING_LOG, 3, 1001, 100, 1000), (int64_t[]){11, 105, 1000});
}
END_TEST

START_TEST(linear_steps_are_evenly_apart)
{
    expect_steps(spaced(SPACING_LINEAR, 5, 100, 100, 41), (int64_t[]){1, 11, 21, 31, 41});
    expect_steps(spaced(SPACING_LINEAR, 4, 100, 100, 9), (int64_t[]){1, 4, 6, 9}); /* 3.67, 6.33 */
}
END_TEST

START_TEST(crowded_steps_stay_distinct)
{
    /* 7^(i/5): 1 1.48 2.18 3.21 4.74 7 would repeat 1; each moves up by as little as it must */
    expect_steps(spaced(SPACING_LOG, 6, 1, 1, 7), (int64_t[]){1, 2, 3, 4, 5, 7});
    expect_steps(spaced(SPACING_LOG, 7, 1, 1, 7), (int64_t[]){1, 2, 3, 4, 5, 6, 7});
    expect_steps(spaced(SPACING_LOG, 1, 1, 1, 7), (int64_t[]){7});
    for (int64_t n = 2; n <= 60; n++) { /* strictly increasing with the ends in place, all counts */
        RunConfig c = spaced(SPACING_LOG, n, 3, 1, 62);
        int64_t s[64];
        Err err = ERR_INIT;
        ck_assert_msg(run_config_checkpoint_steps(&c, s, &err) == ERR_OK, "%s", err.msg);
        ck_assert_int_eq(s[0], 3);
        ck_assert_int_eq(s[n - 1], 62);
        for (int64_t i = 1; i < n; i++) {
            ck_assert_int_gt(s[i], s[i - 1]);
        }
    }
}
END_TEST

START_TEST(too_many_checkpoints_are_refused)
{
    RunConfig c = spaced(SPACING_LOG, 8, 1, 1, 7);
    int64_t s[64];
    Err err = ERR_INIT;
    ck_assert_int_eq(run_config_checkpoint_steps(&c, s, &err), ERR_INVALID);
    ck_assert_ptr_nonnull(strstr(err.msg, "8 checkpoints do not fit"));
    c = spaced(SPACING_LOG, 2, 100, 1, 7); /* the first lies behind the end */
    ck_assert_int_eq(run_config_checkpoint_steps(&c, s, &err), ERR_INVALID);
}
END_TEST

static void expect_lr(Schedule s, const int64_t *step, const double *want, size_t n)
{
    RunConfig c = {.steps = 100, .lr = 2.0, .schedule = s};
    double got[16];
    for (size_t i = 0; i < n; i++) {
        got[i] = run_config_lr(&c, step[i]);
    }
    /* Values are O(1) and take fewer than ten operations: a few units in the last place. */
    check_close_f64("lr", n, got, want, 0.0, 1e-14);
}

START_TEST(schedules_follow_their_formulas)
{
    expect_lr((Schedule){.kind = SCHEDULE_CONSTANT, .warmup_steps = 10},
              (int64_t[]){1, 5, 10, 11, 100}, (double[]){0.2, 1.0, 2.0, 2.0, 2.0}, 5);
    expect_lr((Schedule){.kind = SCHEDULE_CONSTANT}, (int64_t[]){1, 100}, (double[]){2.0, 2.0}, 2);
    /* warm-up 20, then 0.1 + 0.9 (1 + cos(pi x)) / 2 at x = 0, 1/4, 1/2, 1 */
    expect_lr((Schedule){.kind = SCHEDULE_COSINE, .warmup_steps = 20, .floor = 0.1},
              (int64_t[]){10, 20, 40, 60, 100},
              (double[]){1.0, 2.0, 2.0 * (0.55 + 0.45 * 0.70710678118654752), 1.1, 0.2}, 5);
    /* stable to step 80, then down to 0.25 in 20 steps */
    expect_lr(
        (Schedule){.kind = SCHEDULE_WSD, .warmup_steps = 4, .floor = 0.25, .decay_fraction = 0.2},
        (int64_t[]){1, 4, 80, 90, 100}, (double[]){0.5, 2.0, 2.0, 1.25, 0.5}, 5);
    expect_lr((Schedule){.kind = SCHEDULE_WSD, .decay_fraction = 0.0}, (int64_t[]){1, 100},
              (double[]){2.0, 2.0}, 2);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "run_config"});
}
