#include "trainer/data/corpus.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fsx.h"
#include "common/json.h"
#include "tests/support/suite.h"
#include "tests/support/tmpdir.h"

enum { N_VALIDATION = 3000 };

static TmpDir tmp;
static char dir[FSX_PATH_BYTES];

static void set_up(void)
{
    Err err = ERR_INIT;
    tmp = tmpdir_open();
    ck_assert_int_eq(fsx_join(dir, tmp.path, "corpus", &err), ERR_OK);
}

static void tear_down(void)
{
    tmpdir_close(&tmp);
}

/* A file of n numbered sentences, `tag` in each, every tenth the end of a paragraph. */
static void write_text(const char *name, const char *tag, int n)
{
    Buf text = BUF_INIT;
    for (int i = 0; i < n; i++) {
        buf_printf(&text, "Sentence %s%d says little.%s", tag, i, i % 10 == 9 ? "\n\n" : "\n");
    }
    (void)tmpdir_write(&tmp, name, buf_str(&text));
    buf_release(&text);
}

static ErrCode prepare(const char *const *text, size_t n, int64_t validation, CorpusInfo *info,
                       Err *err)
{
    CorpusSpec spec = {.text = text,
                       .n_text = n,
                       .base_dir = tmp.path,
                       .vocabulary = 256,
                       .validation_tokens = validation};
    *err = ERR_INIT;
    return corpus_prepare(&spec, dir, NULL, NULL, info, err);
}

static ErrCode prepare_one(const char *text, CorpusInfo *info, Err *err)
{
    return prepare(&text, 1, N_VALIDATION, info, err);
}

static void expect_failure(const char *text, ErrCode want, const char *words)
{
    CorpusInfo info;
    Err err;
    ErrCode rc = prepare_one(text, &info, &err);
    ck_assert_msg(rc == want, "%s: %s", err_code_name(rc), err.msg);
    ck_assert_msg(strstr(err.msg, words), "%s", err.msg);
    char path[FSX_PATH_BYTES];
    ck_assert_int_eq(fsx_join(path, dir, "manifest.json", &err), ERR_OK);
    ck_assert(!fsx_exists(path));
}

static void read_part(const char *name, Buf *ret)
{
    char path[FSX_PATH_BYTES];
    Err err = ERR_INIT;
    ck_assert_int_eq(fsx_join(path, dir, name, &err), ERR_OK);
    ck_assert_msg(fsx_read(path, 1 << 24, ret, &err) == ERR_OK, "%s", err.msg);
}

START_TEST(files_become_tokens_and_text)
{
    CorpusInfo info;
    Err err;
    Corpus *c = NULL;
    write_text("b.txt", "b", 2000);
    write_text("a.txt", "a", 300);
    const char *const text[] = {"*.txt", "a.txt"}; /* a.txt is used once */
    ck_assert_msg(prepare(text, 2, N_VALIDATION, &info, &err) == ERR_OK, "%s", err.msg);
    ck_assert_int_eq(info.validation_tokens, N_VALIDATION);
    ck_assert_int_eq(info.vocabulary, 256);
    ck_assert_double_eq(info.train_bytes_per_token, 1.0);

    Buf train = BUF_INIT, validation = BUF_INIT, tokens = BUF_INIT;
    read_part("train.txt", &train);
    read_part("validation.txt", &validation);
    ck_assert_int_eq((int64_t)train.len, info.train_tokens);
    ck_assert_int_ge((int64_t)validation.len, N_VALIDATION);
    read_part("train.tokens", &tokens);
    ck_assert_uint_eq(tokens.len, train.len);
    ck_assert_mem_eq(tokens.data, train.data, train.len);
    buf_clear(&tokens);
    read_part("validation.tokens", &tokens);
    ck_assert_uint_eq(tokens.len, N_VALIDATION);
    ck_assert_mem_eq(tokens.data, validation.data, N_VALIDATION);

    ck_assert_msg(corpus_open(dir, &c, &err) == ERR_OK, "%s", err.msg);
    ck_assert_mem_eq(corpus_info(c), &info, sizeof info);
    uint16_t got[16];
    corpus_train_read(c, 100, 16, got);
    for (size_t i = 0; i < 16; i++) {
        ck_assert_uint_eq(got[i], (unsigned char)train.data[100 + i]);
    }
    corpus_close(c);
    buf_release(&train);
    buf_release(&validation);
    buf_release(&tokens);
}
END_TEST

static int64_t count_byte(const Buf *b, char c)
{
    int64_t n = 0;
    for (size_t i = 0; i < b->len; i++) {
        n += b->data[i] == c ? 1 : 0;
    }
    return n;
}

/* Every sentence is in exactly one part, and each document ends in one form feed. */
START_TEST(held_out_documents_are_not_trained_on)
{
    CorpusInfo info;
    Err err;
    write_text("a.txt", "", 3000);
    ck_assert_msg(prepare_one("a.txt", &info, &err) == ERR_OK, "%s", err.msg);
    Buf train = BUF_INIT, validation = BUF_INIT;
    read_part("train.txt", &train);
    read_part("validation.txt", &validation);
    for (int i = 0; i < 3000; i++) {
        char sentence[64];
        (void)snprintf(sentence, sizeof sentence, "Sentence %d says little.", i);
        bool is_in_train = strstr(train.data, sentence) != NULL;
        bool is_in_validation = strstr(validation.data, sentence) != NULL;
        ck_assert_msg(is_in_train != is_in_validation, "%s", sentence);
    }
    ck_assert_int_eq(count_byte(&train, '\f'), info.train_documents);
    ck_assert_int_eq(count_byte(&validation, '\f'), info.validation_documents);
    ck_assert_int_eq(train.data[train.len - 1], '\f');
    ck_assert_int_gt(info.train_documents, 40);
    ck_assert_int_gt(info.validation_documents, 1);
    /* what is held out beyond the tokens asked for is less than one document */
    const char *last = memrchr(validation.data, '\f', validation.len - 1);
    ck_assert_int_lt(last + 1 - validation.data, N_VALIDATION);
    buf_release(&train);
    buf_release(&validation);
}
END_TEST

START_TEST(form_feeds_separate_documents)
{
    CorpusInfo info;
    Err err;
    Buf text = BUF_INIT;
    for (int i = 0; i < 100; i++) {
        buf_printf(&text, "page %d\n%s\f", i, i % 2 ? "" : "one more line of this page");
    }
    (void)tmpdir_write(&tmp, "a.txt", buf_str(&text));
    const char *name = "a.txt";
    ck_assert_msg(prepare(&name, 1, 100, &info, &err) == ERR_OK, "%s", err.msg);
    ck_assert_int_eq(info.train_documents + info.validation_documents, 100);
    buf_release(&text);
}
END_TEST

START_TEST(the_same_text_gives_the_same_corpus)
{
    CorpusInfo first, second;
    Err err;
    Buf a = BUF_INIT, b = BUF_INIT;
    write_text("a.txt", "", 1000);
    ck_assert_int_eq(prepare_one("a.txt", &first, &err), ERR_OK);
    read_part("manifest.json", &a);
    ck_assert_int_eq(fsx_remove_tree(dir, &err), ERR_OK);
    ck_assert_int_eq(prepare_one("a.txt", &second, &err), ERR_OK);
    read_part("manifest.json", &b);
    ck_assert_str_eq(first.digest, second.digest);
    ck_assert_str_eq(buf_str(&a), buf_str(&b));
    buf_release(&a);
    buf_release(&b);
}
END_TEST

/* The definition in corpus.h, computed by a program that is not ours. */
START_TEST(the_digest_is_what_the_documentation_says)
{
    CorpusInfo info;
    Err err;
    char path[FSX_PATH_BYTES], train[SHA256_HEX_BYTES], validation[SHA256_HEX_BYTES],
        want[SHA256_HEX_BYTES], text[512];
    write_text("a.txt", "", 1000);
    ck_assert_int_eq(prepare_one("a.txt", &info, &err), ERR_OK);
    ck_assert_int_eq(fsx_join(path, dir, "train.tokens", &err), ERR_OK);
    ck_assert_int_eq(hash_sha256_file(path, train, &err), ERR_OK);
    ck_assert_int_eq(fsx_join(path, dir, "validation.tokens", &err), ERR_OK);
    ck_assert_int_eq(hash_sha256_file(path, validation, &err), ERR_OK);
    (void)snprintf(text, sizeof text,
                   "{\"tokenizer\":{\"name\":\"bytes\",\"vocabulary\":256},\"train\":\"%s\","
                   "\"validation\":\"%s\"}",
                   train, validation);
    ck_assert_int_eq(hash_sha256(text, strlen(text), want, &err), ERR_OK);
    ck_assert_str_eq(info.digest, want);
}
END_TEST

START_TEST(a_second_preparation_writes_nothing)
{
    CorpusInfo first, second;
    Err err;
    struct stat before, after;
    char path[FSX_PATH_BYTES];
    write_text("a.txt", "", 1000);
    ck_assert_int_eq(prepare_one("a.txt", &first, &err), ERR_OK);
    ck_assert_int_eq(fsx_join(path, dir, "manifest.json", &err), ERR_OK);
    ck_assert_int_eq(stat(path, &before), 0);
    ck_assert_int_eq(prepare_one("a.txt", &second, &err), ERR_OK);
    ck_assert_int_eq(stat(path, &after), 0);
    ck_assert_uint_eq(before.st_ino, after.st_ino);
    ck_assert_mem_eq(&first, &second, sizeof first);
    /* also when the text is gone: the corpus stands for itself */
    ck_assert_int_eq(fsx_join(path, tmp.path, "a.txt", &err), ERR_OK);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_msg(prepare_one("a.txt", &second, &err) == ERR_OK, "%s", err.msg);
}
END_TEST

START_TEST(text_that_changed_is_a_conflict)
{
    CorpusInfo info;
    Err err;
    write_text("a.txt", "", 1000);
    ck_assert_int_eq(prepare_one("*.txt", &info, &err), ERR_OK);
    write_text("b.txt", "", 10);
    ck_assert_int_eq(prepare_one("*.txt", &info, &err), ERR_CONFLICT);
    ck_assert_msg(strstr(err.msg, "b.txt is new"), "%s", err.msg);
    char path[FSX_PATH_BYTES];
    ck_assert_int_eq(fsx_join(path, tmp.path, "b.txt", &err), ERR_OK);
    ck_assert_int_eq(unlink(path), 0);
    write_text("a.txt", "", 1001);
    ck_assert_int_eq(prepare_one("*.txt", &info, &err), ERR_CONFLICT);
    ck_assert_msg(strstr(err.msg, "a.txt has changed"), "%s", err.msg);
}
END_TEST

START_TEST(another_spec_in_the_folder_is_a_conflict)
{
    CorpusInfo info;
    Err err;
    const char *text = "a.txt";
    write_text("a.txt", "", 1000);
    ck_assert_int_eq(prepare_one("a.txt", &info, &err), ERR_OK);
    ck_assert_int_eq(prepare(&text, 1, N_VALIDATION + 1, &info, &err), ERR_CONFLICT);
    ck_assert_int_eq(prepare_one("./a.txt", &info, &err), ERR_CONFLICT);
    ck_assert_ptr_nonnull(strstr(err.hint, "remove"));
}
END_TEST

START_TEST(bad_text_is_refused_by_name)
{
    (void)tmpdir_write(&tmp, "empty.txt", "");
    (void)tmpdir_write(&tmp, "blank.txt", " \n\n\t\f \n");
    write_text("small.txt", "", 10);
    write_text("good.txt", "", 1000);
    char path[FSX_PATH_BYTES];
    Err err = ERR_INIT;
    ck_assert_int_eq(fsx_join(path, tmp.path, "binary.txt", &err), ERR_OK);
    ck_assert_int_eq(fsx_replace(path,
                                 "\x7F"
                                 "ELF\0\1",
                                 6, &err),
                     ERR_OK);
    ck_assert_int_eq(fsx_join(path, tmp.path, "folder", &err), ERR_OK);
    ck_assert_int_eq(fsx_mkdirs(path, &err), ERR_OK);
    expect_failure("empty.txt", ERR_INVALID, "empty.txt is empty");
    expect_failure("blank.txt", ERR_INVALID, "blank.txt has no text");
    expect_failure("binary.txt", ERR_INVALID, "binary.txt is not text");
    expect_failure("missing.txt", ERR_NOTFOUND, "missing.txt: no such file");
    expect_failure("~/missing.txt", ERR_NOTFOUND, "~/missing.txt: no such file");
    expect_failure("*.md", ERR_NOTFOUND, "no file matches *.md");
    expect_failure("folder", ERR_INVALID, "folder is a folder");
    expect_failure("/dev/null", ERR_INVALID, "/dev/null is not a regular file");
    expect_failure("", ERR_INVALID, "name of a text file is empty");
    expect_failure("small.txt", ERR_INVALID, "too small");
    write_text("copy.txt", "", 1000);
    expect_failure("[cg]o*.txt", ERR_INVALID, "good.txt has the same bytes as copy.txt");
    CorpusInfo info;
    ck_assert_msg(prepare_one("good.txt", &info, &err) == ERR_OK, "%s", err.msg); /* goes on */
}
END_TEST

START_TEST(bad_specs_are_refused)
{
    CorpusInfo info;
    Err err = ERR_INIT;
    const char *text = "a.txt";
    write_text("a.txt", "", 1000);
    CorpusSpec spec = {&text, 1, tmp.path, 4096, N_VALIDATION};
    ck_assert_int_eq(corpus_prepare(&spec, dir, NULL, NULL, &info, &err), ERR_INVALID);
    ck_assert_str_eq(err.msg, "tokenizer {bpe: 4096} is not available yet");
    ck_assert_int_eq(prepare(&text, 0, N_VALIDATION, &info, &err), ERR_INVALID);
    ck_assert_int_eq(prepare(&text, 1, 0, &info, &err), ERR_INVALID);
    ck_assert_int_eq(prepare(&text, 1, 1000000, &info, &err), ERR_INVALID);
    ck_assert_ptr_nonnull(strstr(err.msg, "1000000 for validation"));
}
END_TEST

START_TEST(names_with_glob_characters_are_files_first)
{
    CorpusInfo info;
    Err err;
    write_text("a[1].txt", "", 1000);
    ck_assert_msg(prepare_one("a[1].txt", &info, &err) == ERR_OK, "%s", err.msg);
}
END_TEST

static void expect_damage(const char *words)
{
    CorpusInfo info;
    Err err = ERR_INIT;
    Corpus *c = NULL;
    ck_assert_int_eq(corpus_open(dir, &c, &err), ERR_FORMAT);
    ck_assert_msg(strstr(err.msg, words), "%s", err.msg);
    ck_assert_ptr_nonnull(strstr(err.hint, "prepare the corpus again"));
    ck_assert_ptr_null(c);
    ck_assert_int_eq(prepare_one("a.txt", &info, &err), ERR_FORMAT); /* nothing is thrown away */
}

static void damage_manifest(const char *key, json_t *value)
{
    char path[FSX_PATH_BYTES];
    Err err = ERR_INIT;
    json_t *manifest = NULL;
    ck_assert_int_eq(fsx_join(path, dir, "manifest.json", &err), ERR_OK);
    ck_assert_int_eq(json_read_file(path, &manifest, &err), ERR_OK);
    json_t *sound = json_deep_copy(manifest);
    ck_assert_int_eq(
        value ? json_object_set_new(manifest, key, value) : json_object_del(manifest, key), 0);
    ck_assert_int_eq(json_write_file(path, manifest, &err), ERR_OK);
    expect_damage(value ? "" : key);
    ck_assert_int_eq(json_write_file(path, sound, &err), ERR_OK);
    json_decref(manifest);
    json_decref(sound);
}

START_TEST(damage_is_found_on_opening)
{
    CorpusInfo info;
    Err err;
    char path[FSX_PATH_BYTES];
    Corpus *c = NULL;
    write_text("a.txt", "", 1000);
    ck_assert_int_eq(corpus_open(dir, &c, &err), ERR_NOTFOUND);
    ck_assert_int_eq(prepare_one("a.txt", &info, &err), ERR_OK);
    static const char *const keys[] = {"schema", "spec",       "tokenizer", "digest",
                                       "train",  "validation", "ngram"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        damage_manifest(keys[i], NULL);
    }
    damage_manifest("schema", json_integer(2));
    damage_manifest("digest", json_string("0123"));
    damage_manifest("ngram", json_object());
    damage_manifest("tokenizer", json_pack("{s:s, s:i}", "name", "bpe", "vocabulary", 256));
    ck_assert_int_eq(fsx_join(path, dir, "train.tokens", &err), ERR_OK);
    ck_assert_int_eq(truncate(path, info.train_tokens - 1), 0);
    expect_damage("train.tokens has");
    ck_assert_int_eq(unlink(path), 0);
    expect_damage("train.tokens is missing");
    (void)tmpdir_write(&tmp, "corpus/manifest.json", "{\"schema\": 1, \"sp");
    expect_damage("manifest.json");
}
END_TEST

/* As if killed before the manifest: token files, and a half-written one, from another text. */
START_TEST(an_interrupted_preparation_is_no_corpus)
{
    CorpusInfo info;
    Err err;
    Corpus *c = NULL;
    char path[FSX_PATH_BYTES];
    write_text("a.txt", "", 1000);
    ck_assert_int_eq(fsx_mkdirs(dir, &err), ERR_OK);
    (void)tmpdir_write(&tmp, "corpus/train.tokens", "old");
    (void)tmpdir_write(&tmp, "corpus/validation.tokens.tmp.99999", "old");
    (void)tmpdir_write(&tmp, "corpus/notes.tmp.1", "mine");
    ck_assert_int_eq(corpus_open(dir, &c, &err), ERR_NOTFOUND);
    ck_assert_msg(prepare_one("a.txt", &info, &err) == ERR_OK, "%s", err.msg);
    ck_assert_msg(corpus_open(dir, &c, &err) == ERR_OK, "%s", err.msg);
    corpus_close(c);
    ck_assert_int_eq(fsx_join(path, dir, "validation.tokens.tmp.99999", &err), ERR_OK);
    ck_assert(!fsx_exists(path));
    ck_assert_int_eq(fsx_join(path, dir, "notes.tmp.1", &err), ERR_OK);
    ck_assert(fsx_exists(path));
}
END_TEST

START_TEST(more_than_one_epoch_needs_permission)
{
    Err err = ERR_INIT;
    CorpusInfo info = {.train_tokens = 10001};
    ck_assert_int_eq(corpus_check_size(&info, 10000, 100, false, &err), ERR_OK);
    ck_assert_int_eq(corpus_check_size(&info, 10001, 100, false, &err), ERR_INVALID);
    ck_assert_int_eq(corpus_check_size(&info, 35000, 100, false, &err), ERR_INVALID);
    ck_assert_msg(strstr(err.msg, "3.50 epochs"), "%s", err.msg);
    ck_assert_ptr_nonnull(strstr(err.hint, "repeat: true"));
    ck_assert_int_eq(corpus_check_size(&info, 35000, 100, true, &err), ERR_OK);
    info.train_tokens = 10000; /* the last window lacks its last target */
    ck_assert_int_eq(corpus_check_size(&info, 10000, 100, false, &err), ERR_INVALID);
    ck_assert_int_eq(corpus_check_size(&info, 1, 10000, true, &err), ERR_INVALID);
    ck_assert_ptr_nonnull(strstr(err.msg, "too few"));
}
END_TEST

static ErrCode measure(const char *const *text, size_t n, CorpusSize *ret, size_t *word, Err *err)
{
    CorpusSpec spec = {.text = text,
                       .n_text = n,
                       .base_dir = tmp.path,
                       .vocabulary = 256,
                       .validation_tokens = N_VALIDATION};
    *err = ERR_INIT;
    return corpus_measure(&spec, ret, word, err);
}

START_TEST(sizes_say_what_is_missing)
{
    static const char *const all[] = {"a.txt", "[ab].txt", "default"};
    static const struct {
        const char *text;
        ErrCode want;
    } row[] = {{"c.txt", ERR_NOTFOUND},
               {"*.md", ERR_NOTFOUND},
               {"empty.txt", ERR_INVALID},
               {"/dev/null", ERR_INVALID}};
    CorpusSize size;
    size_t word = 9;
    Err err;
    (void)tmpdir_write(&tmp, "a.txt", "1234");
    (void)tmpdir_write(&tmp, "b.txt", "12345678");
    (void)tmpdir_write(&tmp, "empty.txt", "");
    ck_assert_int_eq(measure(all, 2, &size, &word, &err), ERR_OK);
    ck_assert_int_eq(size.bytes, 12); /* a.txt once */
    ck_assert_int_eq(measure(all, 3, &size, &word, &err), ERR_OK);
    ck_assert_int_eq(size.bytes, 12 + CORPUS_DEFAULT_BYTES);
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        const char *const text[] = {"a.txt", row[i].text};
        ck_assert_int_eq(measure(text, 2, &size, &word, &err), row[i].want);
        ck_assert_uint_eq(word, 1);
        ck_assert_ptr_nonnull(strstr(err.msg, row[i].text));
    }
}
END_TEST

/* Texts that grow most: documents of one byte, and one that has to be cut. */
START_TEST(no_corpus_has_more_tokens_than_sizes_say)
{
    static const struct {
        const char *piece;
        int n;
    } row[] = {
        {"a\f", 5000}, {"word \f", 3000}, {"no line break at all ", 5000}, {"one\n\n", 4000}};
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        static const char *const text[] = {"t.txt"};
        Buf b = BUF_INIT;
        CorpusInfo info;
        CorpusSize size;
        size_t word;
        Err err;
        for (int k = 0; k < row[i].n; k++) {
            buf_puts(&b, row[i].piece);
        }
        (void)tmpdir_write(&tmp, "t.txt", buf_str(&b));
        ck_assert_int_eq(measure(text, 1, &size, &word, &err), ERR_OK);
        ck_assert_int_eq(fsx_remove_tree(dir, &err), ERR_OK);
        ck_assert_msg(prepare_one("t.txt", &info, &err) == ERR_OK, "%s", err.msg);
        ck_assert_int_le(info.train_tokens + info.validation_tokens, size.most_tokens);
        buf_release(&b);
    }
}
END_TEST

START_TEST(a_prepared_corpus_is_known_without_its_texts)
{
    CorpusInfo made, info;
    Err err = ERR_INIT;
    const char *text = "t.txt";
    CorpusSpec spec = {.text = &text,
                       .n_text = 1,
                       .base_dir = tmp.path,
                       .vocabulary = 256,
                       .validation_tokens = N_VALIDATION};
    ck_assert_int_eq(corpus_prepared(&spec, dir, &info, &err), ERR_NOTFOUND);
    write_text("t.txt", "", 1000);
    ck_assert_int_eq(prepare_one(text, &made, &err), ERR_OK);
    char path[FSX_PATH_BYTES];
    ck_assert_int_eq(fsx_join(path, tmp.path, text, &err), ERR_OK);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(corpus_prepared(&spec, dir, &info, &err), ERR_OK);
    ck_assert_int_eq(info.train_tokens, made.train_tokens);
    spec.validation_tokens++;
    ck_assert_int_eq(corpus_prepared(&spec, dir, &info, &err), ERR_CONFLICT);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "corpus", .set_up = set_up, .tear_down = tear_down});
}
