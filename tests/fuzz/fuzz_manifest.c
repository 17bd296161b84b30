/* Any bytes as one of the small JSON files beside a checkpoint or a run.  The first byte
 * chooses which (+8: with the seal that belongs to them); the other files of its folder are as
 * they should be.
 *
 *   manifest.json   what the worker calls whole, the catalog's verify calls complete
 *   state.json      read, or removed as damaged: never left in the way
 *   config.json, run.json, status.json, exit.json, study.json, corpus/manifest.json
 *                   read, or refused with a sentence; what is read can be written and read again
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "catalog/record.h"
#include "catalog/verify.h"
#include "common/fsx.h"
#include "common/json.h"
#include "common/log.h"
#include "trainer/config/run_config.h"
#include "trainer/worker/ckpt.h"
#include "trainer/worker/state.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { STATE_STEP = 10 };

static const char weights[] = "weights";
static const char about[] = "{\"schema\":1}\n";
static char root[64];

static void remove_root(void)
{
    Err err = ERR_INIT;
    (void)fsx_remove_tree(root, &err);
}

static void must(ErrCode rc, const Err *err)
{
    if (rc != ERR_OK) {
        (void)fprintf(stderr, "%s\n", err->msg);
        abort();
    }
}

/* root/name holds the bytes; its folder exists. */
static const char *put(const char *name, const void *bytes, size_t n)
{
    static char path[FSX_PATH_BYTES];
    Err err = ERR_INIT;
    must(fsx_join(path, root, name, &err), &err);
    must(fsx_note(path, bytes, n, &err), &err);
    return path;
}

static const char *folder(const char *name)
{
    static char path[FSX_PATH_BYTES];
    Err err = ERR_INIT;
    must(fsx_join(path, root, name, &err), &err);
    must(fsx_mkdirs(path, &err), &err);
    return path;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    (void)snprintf(root, sizeof root, "/dev/shm/slaw-fuzz-%ld", (long)getpid());
    (void)atexit(remove_root);
    log_set_level(LOG_ERROR);
    (void)folder("checkpoint");
    (void)folder("run");
    (void)put("checkpoint/model.safetensors", weights, sizeof weights - 1);
    (void)put("checkpoint/config.json", about, sizeof about - 1);
    return 0;
}

/* Refused with a sentence, or not refused. */
static bool was_read(ErrCode rc, const Err *err)
{
    if (rc != ERR_OK && (!err->msg[0] || rc == ERR_NOTFOUND)) {
        abort();
    }
    return rc == ERR_OK;
}

static void manifest(const void *bytes, size_t n)
{
    Err err = ERR_INIT;
    Ckpt c;
    CkptReceipt receipt;
    CatalogCheckpointState state = CATALOG_CHECKPOINT_MISSING;
    char digest[XXH128_HEX_BYTES], why[VERIFY_WHY_BYTES];
    (void)put("checkpoint/manifest.json", bytes, n);
    hash_xxh128(bytes, n, digest);
    bool is_whole = was_read(ckpt_verify(folder("checkpoint"), &c, &receipt, &err), &err);
    ErrCode rc = verify_checkpoint(folder("checkpoint"), digest, &state, why, NULL, &err);
    bool is_complete = was_read(rc, &err) && state == CATALOG_CHECKPOINT_COMPLETE;
    if ((rc == ERR_OK && is_complete == (why[0] != '\0')) ||
        (is_whole && (!is_complete || strcmp(receipt.digest, digest) != 0))) {
        abort();
    }
}

static void state(const void *bytes, size_t n)
{
    Err err = ERR_INIT;
    TrainState s;
    char file[FSX_PATH_BYTES];
    char dir[FSX_PATH_BYTES];
    (void)snprintf(dir, sizeof dir, "%s", folder("run/state/step-00000010"));
    (void)put("run/state/step-00000010/state.safetensors", weights, sizeof weights - 1);
    (void)put("run/state/step-00000010/state.json", bytes, n);
    ErrCode rc = state_newest(folder("run"), 0, STATE_STEP, &s, file, &err);
    if ((rc != ERR_OK && !err.msg[0]) || (rc == ERR_NOTFOUND && fsx_exists(dir)) ||
        (rc == ERR_OK && (s.step != STATE_STEP || !fsx_exists(file)))) {
        abort();
    }
}

static void config(const void *bytes, size_t n)
{
    static const char run[] =
        "{\"schema\":1,\"run\":"
        "\"0000000000000000000000000000000000000000000000000000000000000000\","
        "\"axes\":{},\"position\":0,\"params\":1,\"params_total\":1,\"tokens\":1,\"steps\":1,"
        "\"batch_tokens\":1,\"flops_per_token\":{\"6nd\":1.0,\"exact\":1.0,\"paper\":1.0},"
        "\"checkpoints\":1}";
    Err err = ERR_INIT;
    Arena a = ARENA_INIT;
    CatalogRun r = {.id = 0};
    RunConfig c;
    json_t *v = NULL;
    char hash[SHA256_HEX_BYTES];
    (void)put("run/run.json", run, sizeof run - 1);
    const char *path = put("run/config.json", bytes, n);
    if (was_read(json_read_file(path, &v, &err), &err)) {
        (void)was_read(run_config_from_json(v, &c, &err), &err);
        (void)was_read(run_config_identity(v, hash, &err), &err);
    }
    json_decref(v);
    (void)was_read(run_record_read(folder("run"), &a, &r, &err), &err);
    arena_release(&a);
}

/* Whether the record was read; then it is written, and read back into `again`. */
#define READS_BACK(kind, got, again)                                     \
    (was_read(kind##_record_read(folder("run"), &a, got, &err), &err) && \
     (must(kind##_record_write(folder("run"), got, &err), &err),         \
      must(kind##_record_read(folder("run"), &a, again, &err), &err), true))

static void run(const void *bytes, size_t n)
{
    static const char text[] =
        "{\"schema\":1,\"run\":"
        "\"0000000000000000000000000000000000000000000000000000000000000000\","
        "\"name\":\"x\",\"size\":\"s\",\"model\":{\"architecture\":\"llama\"},\"seed\":1}";
    Err err = ERR_INIT;
    Arena a = ARENA_INIT;
    CatalogRun r = {.id = 0};
    (void)put("run/config.json", text, sizeof text - 1);
    (void)put("run/run.json", bytes, n);
    (void)READS_BACK(run, &r, &r);
    arena_release(&a);
}

static void status(const void *bytes, size_t n)
{
    Err err = ERR_INIT;
    Arena a = ARENA_INIT;
    StatusRecord s = {.run = NULL}, again = {.run = NULL};
    (void)put("run/status.json", bytes, n);
    if (READS_BACK(status, &s, &again) &&
        (again.state != s.state || again.step != s.step || strcmp(again.run, s.run) != 0)) {
        abort();
    }
    arena_release(&a);
}

static void end(const void *bytes, size_t n)
{
    Err err = ERR_INIT;
    Arena a = ARENA_INIT;
    ExitRecord e = {.code = 0}, again = {.code = 0};
    (void)put("run/exit.json", bytes, n);
    if (READS_BACK(exit, &e, &again) &&
        (again.state != e.state || again.code != e.code || again.ended_ms != e.ended_ms)) {
        abort();
    }
    arena_release(&a);
}

static void study(const void *bytes, size_t n)
{
    Err err = ERR_INIT;
    Arena a = ARENA_INIT;
    CatalogStudy s = {.name = NULL};
    (void)put("run/study.json", bytes, n);
    (void)READS_BACK(study, &s, &s);
    arena_release(&a);
}

static void corpus(const void *bytes, size_t n)
{
    Err err = ERR_INIT;
    Arena a = ARENA_INIT;
    CatalogCorpus c = {.digest = NULL};
    (void)put("run/manifest.json", bytes, n);
    (void)was_read(corpus_record_read(folder("run"), &a, &c, &err), &err);
    arena_release(&a);
}

/* What the writer of sealed files would have put at the end. */
static void seal(const char *text, size_t n, Buf *out)
{
    size_t body = n > 0 && text[n - 1] == '}' ? n - 1 : n;
    buf_add(out, text, body);
    buf_printf(out, ",\n  \"sum\": \"%016" PRIx64 "\"\n}\n", hash_u64(text, body));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const kind[])(const void *bytes, size_t n) = {manifest, state, config, run,
                                                                status,   end,   study,  corpus};
    enum { N_KINDS = sizeof kind / sizeof kind[0] };
    if (size == 0) {
        return 0;
    }
    Buf text = BUF_INIT;
    if (data[0] & N_KINDS) {
        seal((const char *)data + 1, size - 1, &text);
    } else {
        buf_add(&text, data + 1, size - 1);
    }
    kind[data[0] % N_KINDS](buf_str(&text), text.len);
    buf_release(&text);
    return 0;
}
