/* slaw generate: hands over to slaw-worker, which has the models. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/command.h"
#include "common/json.h"
#include "orchestrator/launch/worker_path.h"

typedef struct GenerateOpts {
    const char *prompt;
    int64_t tokens, top_k, seed;
    double temperature;
} GenerateOpts;

static const GenerateOpts opts_default = {
    .prompt = "", .tokens = 256, .temperature = 0.8, .seed = 1};

static const Opt opts_table[] = {
    {"prompt", "TEXT", "what the text begins with (default: a new document)", OPT_TEXT,
     offsetof(GenerateOpts, prompt)},
    {"tokens", "N", "tokens to add (default 256)", OPT_I64, offsetof(GenerateOpts, tokens)},
    {"temperature", "T", "0: always the likeliest token (default 0.8)", OPT_F64,
     offsetof(GenerateOpts, temperature)},
    {"top-k", "K", "choose among the K likeliest; 0: among all (default 0)", OPT_I64,
     offsetof(GenerateOpts, top_k)},
    {"seed", "S", "another seed, another text (default 1)", OPT_I64, offsetof(GenerateOpts, seed)},
    {0},
};

enum { DIGITS_BYTES = 32 };

/* A path that begins with a dash must not look like an option. */
static ErrCode checkpoint_argument(const char *given, char out[FSX_PATH_BYTES], Err *err)
{
    return fsx_path(out, err, "%s%s", given[0] == '-' ? "./" : "", given);
}

/* Becomes the worker; comes back only if it cannot. */
static ErrCode become(const char *worker, const char *checkpoint, const GenerateOpts *o,
                      bool is_json, Err *err)
{
    char tokens[DIGITS_BYTES], top_k[DIGITS_BYTES], seed[DIGITS_BYTES], temperature[DIGITS_BYTES];
    (void)snprintf(tokens, sizeof tokens, "%" PRId64, o->tokens);
    (void)snprintf(top_k, sizeof top_k, "%" PRId64, o->top_k);
    (void)snprintf(seed, sizeof seed, "%" PRId64, o->seed);
    json_number_text(o->temperature, temperature);
    const char *const args[] = {worker,      "generate",
                                checkpoint,  "--prompt",
                                o->prompt,   "--tokens",
                                tokens,      "--seed",
                                seed,        "--top-k",
                                top_k,       "--temperature",
                                temperature, is_json ? "--json" : NULL,
                                NULL};
    (void)signal(SIGPIPE, SIG_DFL); /* as a program finds it that is started by a shell */
    /* execv wants its strings writable for historical reasons and leaves them alone.
     * NOLINTNEXTLINE(performance-no-int-to-ptr) */
    (void)execv(worker, (char *const *)(uintptr_t)args);
    return err_sys(err, "%s", worker);
}

static ErrCode run(Session *s, const void *opts, int argc, char *const argv[], Err *err)
{
    (void)argc;
    char worker[FSX_PATH_BYTES], checkpoint[FSX_PATH_BYTES];
    ErrCode rc = ERR_OK;
    TRY(worker_path(worker, err));
    TRY(checkpoint_argument(argv[0], checkpoint, err));
    TRY(become(worker, checkpoint, opts, s->is_json, err));
done:
    return rc;
}

const Command command_generate = {
    .name = "generate",
    .args = "CHECKPOINT",
    .summary = "sample text from a checkpoint",
    .description =
        "Prints the prompt and what the model makes of it, as it comes, decoding by the recurrent "
        "form. CHECKPOINT is a checkpoint's folder, or a run's folder: then its newest "
        "checkpoint. Control characters and bytes that are not UTF-8 are shown as \\xNN. With "
        "--json: the text and how it was made.",
    .groups = {&group_data},
    .examples = {"slaw generate runs/quickstart/runs/llama-27k-* --prompt 'The '",
                 "slaw generate runs/quickstart/runs/llama-27k-* --tokens 40 --json"},
    .is_raw = true,
    .can_be_refused = true,
    COMMAND_OPTS(opts_table, GenerateOpts),
    .opts_default = &opts_default,
    .run = run,
};
