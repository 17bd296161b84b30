#include "cli/ready.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "answer/value.h"
#include "common/fsx.h"
#include "orchestrator/launch/launch.h"

enum { BYTE_VOCABULARY = 256 };

/* ---- what this version can run ------------------------------------------------------------- */

static ErrCode cannot(Err *err, const char *what, const char *hint)
{
    (void)err_set(err, ERR_INVALID, "%s", what);
    return err_hint(err, "%s", hint);
}

ErrCode ready_supported(const Study *study, Err *err)
{
    if (strcmp(study->trainer, "native") != 0) {
        return cannot(err, "execution.trainer: only the native trainer can be run so far",
                      "set trainer: native");
    }
    if (!launcher_find(study->launcher)) {
        (void)err_set(err, ERR_INVALID, "execution.launcher: %s cannot be run so far",
                      study->launcher);
        return err_hint(err, "set launcher: local");
    }
    if (study->corpus_vocabulary != BYTE_VOCABULARY) {
        return cannot(err, "corpus.tokenizer: only bytes can be run so far",
                      "set tokenizer: bytes");
    }
    return study->n_runs > 0 ? ERR_OK
                             : err_set(err, ERR_INVALID, "%s: the matrix has no runs", study->file);
}

/* ---- the folder ---------------------------------------------------------------------------- */

ErrCode ready_dir(const char *dir, Err *err)
{
    char path[FSX_PATH_BYTES];
    ErrCode rc = fsx_path(path, err, "%s", dir);
    if (rc != ERR_OK) {
        return rc;
    }
    while (!fsx_exists(path)) {
        char *slash = strrchr(path, '/');
        if (!slash) {
            (void)strcpy(path, "."); /* NOLINT: FSX_PATH_BYTES are there */
            break;
        }
        slash[slash == path] = '\0'; /* "/" stays "/" */
    }
    if (!fsx_is_dir(path)) {
        (void)err_set(err, ERR_INVALID, "%s: %s is not a folder", dir, path);
        return err_hint(err, "slaw run --dir DIR puts the study elsewhere");
    }
    if (access(path, W_OK | X_OK) != 0) {
        (void)err_sys(err, "%s: write in %s", dir, path);
        return err_hint(err, "slaw run --dir DIR puts the study elsewhere");
    }
    return ERR_OK;
}

/* ---- the corpus ---------------------------------------------------------------------------- */

CorpusSpec ready_corpus_spec(const Study *study)
{
    return (CorpusSpec){.text = study->corpus_text,
                        .n_text = study->n_corpus_text,
                        .base_dir = study->base_dir,
                        .vocabulary = study->corpus_vocabulary,
                        .validation_tokens = study->corpus_validation};
}

/* The most that any run asks for. */
typedef struct Need {
    int64_t tokens, sequence;
} Need;

static Need need_of(const Study *study)
{
    Need n = {0, 1};
    for (size_t i = 0; i < study->n_runs; i++) {
        const RunSpec *r = &study->runs[i];
        n.tokens = r->tokens > n.tokens ? r->tokens : n.tokens;
        n.sequence = r->model->sequence > n.sequence ? r->model->sequence : n.sequence;
    }
    return n;
}

/* Adds what does not fit into `train` tokens; `about` is what messages say of them. */
static void check_fit(const Study *study, int64_t train, int64_t about, const char *word,
                      Problems *p)
{
    Need need = need_of(study);
    int64_t epoch = train < 2 ? 0 : (train - 1) / need.sequence * need.sequence;
    char want[NUMBER_TEXT_BYTES], have[NUMBER_TEXT_BYTES];
    const char *text = whole_text(about > 0 ? about : 0, have);
    if (train < 2) {
        problems_add(p, study->at.validation, "give more text, or hold out fewer tokens",
                     "corpus.validation holds out %s tokens, and that leaves nothing of the text "
                     "to train on",
                     whole_text(study->corpus_validation, want));
    } else if (epoch == 0) {
        problems_add(p, study->at.sequence, "give more text, or use shorter sequences",
                     "a sequence of %s tokens is longer than the training text, which has %s%s",
                     whole_text(need.sequence, want), word, text);
    } else if (need.tokens > epoch && !study->corpus_repeat) {
        problems_add(p, study->at.tokens,
                     "add text, ask for fewer tokens, or allow it with corpus: {repeat: true}",
                     "%s tokens are asked for, and one pass over the training text has %s%s: that "
                     "would take %.3g epochs",
                     whole_text(need.tokens, want), word, text,
                     (double)need.tokens / (double)(about > 0 ? about : 1));
    }
}

static ErrCode check_texts(const Study *study, const CorpusSpec *spec, Problems *sure,
                           Problems *likely, Err *err)
{
    CorpusSize size;
    size_t word = 0;
    ErrCode rc = corpus_measure(spec, &size, &word, err);
    if (rc == ERR_NOTFOUND || rc == ERR_INVALID) {
        problems_add(sure, study->at.text[word], err->hint, "%s", err->msg);
        *err = ERR_INIT;
        return ERR_OK;
    }
    if (rc == ERR_OK && spec->vocabulary == BYTE_VOCABULARY) {
        int64_t about = size.bytes - spec->validation_tokens;
        check_fit(study, size.most_tokens - spec->validation_tokens, about, "about ", sure);
        if (!problems_any(sure)) {
            check_fit(study, about, about, "about ", likely);
        }
    }
    return rc;
}

ErrCode ready_corpus(const Study *study, const char *dir, Problems *sure, Problems *likely,
                     Err *err)
{
    CorpusSpec spec = ready_corpus_spec(study);
    CorpusInfo there;
    char corpus[FSX_PATH_BYTES];
    ErrCode rc = fsx_join(corpus, dir, "corpus", err);
    if (rc == ERR_OK) {
        rc = corpus_prepared(&spec, corpus, &there, err);
    }
    if (rc == ERR_OK) {
        check_fit(study, there.train_tokens, there.train_tokens, "", sure);
    } else if (rc == ERR_NOTFOUND) {
        *err = ERR_INIT;
        rc = check_texts(study, &spec, sure, likely, err);
    }
    return rc;
}

/* ---- check and plan ------------------------------------------------------------------------ */

static void warn(const Session *s, const Err *why)
{
    if (!s->is_quiet) {
        (void)fprintf(stderr, "slaw: warning: slaw run would refuse it: %s\n", why->msg);
        (void)fprintf(stderr, why->hint[0] ? "  hint: %s\n" : "%s", why->hint);
    }
}

static void warn_of(const Session *s, const char *would, const Problems *p)
{
    Buf text = BUF_INIT;
    problems_text(p, s->err_style, &text);
    if (p->n > 0 && !s->is_quiet) {
        (void)fprintf(stderr, "slaw: warning: slaw run %s refuse it:\n%s", would, buf_str(&text));
    }
    buf_release(&text);
}

ErrCode ready_warn(const Session *s, const Study *study, const char *dir, bool is_strict, Err *err)
{
    Problems likely = PROBLEMS_INIT;
    Err why = ERR_INIT;
    ErrCode rc = ERR_OK;
    (void)fflush(stdout); /* before standard error goes on, when both are one terminal */
    if (ready_supported(study, &why) != ERR_OK) {
        warn(s, &why);
    }
    if (ready_dir(dir, &why) != ERR_OK) {
        warn(s, &why);
    }
    problems_of(&likely, study->file, NULL);
    rc = ready_corpus(study, dir, s->problems, &likely, &why);
    if (rc == ERR_NOMEM) {
        *err = why;
        goto done;
    }
    if (rc != ERR_OK) {
        warn(s, &why);
    }
    warn_of(s, "may", &likely);
    rc = is_strict ? problems_err(s->problems, err) : ERR_OK;
    if (!is_strict) {
        warn_of(s, "would", s->problems);
    }
done:
    problems_release(&likely);
    return rc;
}
