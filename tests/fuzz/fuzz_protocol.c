/* Any bytes as an attempt's events.jsonl.  The first byte chooses:
 *
 *   even   the bytes as they are
 *   odd    every line with a right checksum, so that what lies behind it is reached
 *   +2     cut into pieces and ingested piece by piece instead of line by line
 *   +4     commands to a worker instead
 *
 * Whatever the file holds and however it is cut, the rows must be those of ingesting it at
 * once, ingesting again must change nothing, and the offset must be the end of a line. */
#include <inttypes.h>
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "catalog/ingest.h"
#include "catalog/run.h"
#include "common/buf.h"
#include "common/fsx.h"
#include "common/hash.h"
#include "trainer/worker/control.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { IS_SUMMED = 1, IS_CUT = 2, IS_COMMAND = 4, MODE_BYTES = 1 };

#define RUN "0123456789ab"

static Catalog *catalog;
static int64_t run_id;
static char dir[64];

static void remove_dir(void)
{
    Err err = ERR_INIT;
    catalog_close(catalog);
    (void)fsx_remove_tree(dir, &err);
}

static void must(ErrCode rc, const Err *err)
{
    if (rc != ERR_OK) {
        (void)fprintf(stderr, "%s\n", err->msg);
        abort();
    }
}

static void open_catalog(void)
{
    char path[FSX_PATH_BYTES];
    Err err = ERR_INIT;
    CatalogRun r = {.hash = RUN "0000000000000000000000000000000000000000000000000000"};
    r.name = "fuzzed";
    r.dir = "runs/fuzzed";
    r.architecture = "llama";
    r.size = "xs";
    r.axes = r.config = "{}";
    r.params = r.params_total = 1;
    r.tokens = 100;
    r.steps = r.batch_tokens = 10;
    r.flops_6nd = r.flops_exact = r.flops_paper = 6.0;
    r.checkpoints = 2;
    (void)snprintf(dir, sizeof dir, "/dev/shm/slaw-fuzz-%ld", (long)getpid());
    must(fsx_mkdirs(dir, &err), &err);
    (void)atexit(remove_dir);
    must(fsx_join(path, dir, CATALOG_FILE, &err), &err);
    must(catalog_open(path, &catalog, &err), &err);
    must(catalog_run_upsert(catalog, &r, 1, &run_id, &err), &err);
}

/* Everything that ingesting writes, as text. */
static void dump(Buf *out)
{
    static const char *const query[] = {"SELECT * FROM attempt ORDER BY run_id, number",
                                        "SELECT * FROM metric ORDER BY run_id, step",
                                        "SELECT * FROM evaluation ORDER BY run_id, step, task",
                                        "SELECT * FROM checkpoint ORDER BY run_id, step"};
    for (size_t i = 0; i < sizeof query / sizeof query[0]; i++) {
        sqlite3_stmt *q = NULL;
        if (sqlite3_prepare_v2(catalog->db, query[i], -1, &q, NULL) != SQLITE_OK) {
            abort();
        }
        while (sqlite3_step(q) == SQLITE_ROW) {
            for (int k = 0; k < sqlite3_column_count(q); k++) {
                const unsigned char *text = sqlite3_column_text(q, k);
                buf_printf(out, "%s|", text ? (const char *)text : "-");
            }
            buf_putc(out, '\n');
        }
        (void)sqlite3_finalize(q);
    }
}

/* Ingests the first `upto` bytes of the file, which it may hold already in part. */
static int64_t ingest(int fd, const Buf *file, size_t from, size_t upto)
{
    char path[64];
    Err err = ERR_INIT;
    IngestResult r;
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    const char *text = file->len > 0 ? file->data : "";
    if (pwrite(fd, text + from, upto - from, (off_t)from) != (ssize_t)(upto - from)) {
        abort();
    }
    must(catalog_ingest(catalog, run_id, 0, path, NULL, &r, &err), &err);
    bool is_end_of_line = r.bytes == 0 || text[r.bytes - 1] == '\n';
    if (r.bytes < 0 || (size_t)r.bytes > upto || !is_end_of_line) {
        abort();
    }
    return r.bytes;
}

/* One attempt that reads the file in pieces of at most `piece` bytes; its rows into `rows`. */
static void read_in_pieces(const Buf *file, size_t piece, Buf *rows)
{
    Err err = ERR_INIT;
    int fd = memfd_create("events.jsonl", MFD_CLOEXEC);
    if (fd < 0) {
        abort();
    }
    must(catalog_begin(catalog, &err), &err);
    must(catalog_attempt_begin(catalog, run_id, 0, CATALOG_NONE, 2, &err), &err);
    size_t at = 0;
    do {
        size_t upto = file->len - at > piece ? at + piece : file->len;
        int64_t bytes = ingest(fd, file, at, upto);
        if (ingest(fd, file, upto, upto) != bytes) {
            abort();
        }
        at = upto;
    } while (at < file->len);
    dump(rows);
    catalog_rollback(catalog);
    (void)close(fd);
}

/* Each line with the checksum that belongs to what it says. */
static void put_sums(const char *text, size_t n, Buf *out)
{
    while (n > 0) {
        const char *newline = memchr(text, '\n', n);
        size_t k = newline ? (size_t)(newline - text) : n;
        if (newline && k > 0) {
            size_t body = text[k - 1] == '}' ? k - 1 : k;
            buf_add(out, text, body);
            buf_printf(out, ",\"sum\":\"%016" PRIx64 "\"}\n", hash_u64(text, body));
        } else {
            buf_add(out, text, newline ? k + 1 : k);
        }
        text += newline ? k + 1 : k;
        n -= newline ? k + 1 : k;
    }
}

static void command(const char *text, size_t n)
{
    ControlShare share = {.threads = 0};
    if (control_parse(text, n, &share) &&
        (share.threads == 0 || share.cores.n > MACHINE_MAX_CORES)) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!catalog) {
        open_catalog();
    }
    if (size < MODE_BYTES || size > 1 << 16) {
        return 0;
    }
    const char *text = (const char *)data + MODE_BYTES;
    size_t n = size - MODE_BYTES;
    if (data[0] & IS_COMMAND) {
        command(text, n);
        return 0;
    }
    Buf file = BUF_INIT, whole = BUF_INIT, pieces = BUF_INIT;
    data[0] & IS_SUMMED ? put_sums(text, n, &file) : buf_add(&file, text, n);
    read_in_pieces(&file, file.len + 1, &whole);
    if (data[0] & IS_CUT) {
        read_in_pieces(&file, 1 + file.len / (2 + data[0] / 32), &pieces);
        if (strcmp(buf_str(&whole), buf_str(&pieces)) != 0) {
            (void)fprintf(stderr, "at once:\n%s\nin pieces:\n%s\n", buf_str(&whole),
                          buf_str(&pieces));
            abort();
        }
    }
    buf_release(&file);
    buf_release(&whole);
    buf_release(&pieces);
    return 0;
}
