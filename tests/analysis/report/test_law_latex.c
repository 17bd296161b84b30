/* Every law in LaTeX: as it should be set, and so that it compiles where LaTeX is there. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/report/formula.h"
#include "answer/render.h"
#include "common/fsx.h"
#include "tests/support/suite.h"
#include "tests/support/tmpdir.h"

static void check_math(const char *plain, const char *latex)
{
    Buf out = BUF_INIT;
    latex_math(plain, &out);
    ck_assert_str_eq(buf_str(&out), latex);
    buf_release(&out);
}

START_TEST(equations_are_set_as_mathematics)
{
    static const struct {
        const char *law, *latex;
    } c[] = {
        {"chinchilla", "L(N, D) = E + A N^{-\\alpha } + B D^{-\\beta }"},
        {"paper_power", "L(C) = \\beta _{C} C^{\\alpha _{C}}, C \\mbox{ in PFLOP/s-days}"},
        {"kaplan", "L(N, D) = ((N_{c}/N)^{\\alpha _{N}/\\alpha _{D}} + D_{c}/D)^{\\alpha _{D}}"},
        {"data_constrained",
         "L(N, D, U) = E + A N'^{-\\alpha } + B D'^{-\\beta }, D' = U (1 + R_{D} (1 - "
         "e^{-(D/U-1)/R_{D}})), N' \\mbox{ likewise}"},
        {"overtrained", "L(N, D) = E + A N^{-\\alpha } + B D^{-\\alpha }"},
        {"power:N", "L(N) = A N^{-\\alpha }"},
        {"power_offset:D", "L(D) = E + A D^{-\\alpha }"},
        {"broken2", "L(C) = a + b C^{-c_{0}} \\prod _{i} (1 + (C/d_{i})^{1/f_{i}})^{-c_{i} f_{i}}, "
                    "i = 1 \\ldots  2"},
        {"logistic",
         "\\mathrm{acc}(L) = \\mathrm{chance} + (\\mathrm{ceiling} - \\mathrm{chance}) / (1 + "
         "e^{k (L - x_{0})})"},
        {"error_decay", "\\mathrm{err}(L) = \\varepsilon  - k e^{-\\gamma  L}"},
        {"hyper:lr", "\\mathrm{lr}(N, D) = c N^{n} D^{d}"},
        {"experts", "\\log _{10} L(N, E) = a \\log _{10} N + b \\log _{10} E + c \\log _{10} N "
                    "\\log _{10} E + d"},
    };
    for (size_t i = 0; i < sizeof c / sizeof c[0]; i++) {
        const Form *form = form_find(c[i].law);
        ck_assert_msg(form != NULL, "%s", c[i].law);
        check_math(form->equation, c[i].latex);
    }
}
END_TEST

/* 2e+08^-0.3 as 2 x 10^8^-0.3 would be another number, and an error of LaTeX. */
START_TEST(numbers_keep_their_meaning)
{
    check_math("2e+08^-0.3", "(2 \\times 10^{8})^{-0.3}");
    check_math("4e+11/2e+08", "4 \\times 10^{11}/(2 \\times 10^{8})");
    check_math("1.2e-05 N", "1.2 \\times 10^{-5} N");
    check_math("N^(-0.1)", "N^{-0.1}");
    check_math("N_opt <= k_N C^a", "N_{\\mathrm{opt}} \\le  k_{N} C^{a}");
}
END_TEST

/* A fit of the law with numbers that are awkward to print. */
static void fill_fit(const Form *form, FitResult *f)
{
    *f = (FitResult){.form = form, .n_params = form->n_params};
    for (size_t i = 0; i < form->n_params; i++) {
        f->param[i] = (FitValue){.name = form->param[i].name,
                                 .value = i % 3 == 0   ? -0.25
                                          : i % 3 == 1 ? 1.25e-07
                                                       : 4.5e+21};
    }
}

static void add_law(const Form *form, AnswerNode *top)
{
    static const double inputs[FORM_MAX_INPUTS] = {2e8, 1.1e-9, 3e15};
    Column column[FORM_MAX_PARAMS] = {0};
    Value value[FORM_MAX_PARAMS];
    FitResult *f = calloc(1, sizeof *f);
    Buf text = BUF_INIT;
    ck_assert_ptr_nonnull(f);
    fill_fit(form, f);
    answer_say(top, NULL, SAY_FORMULA, "%s", form->equation);
    if (formula_text(f, 6, &text)) {
        answer_say(top, NULL, SAY_FORMULA, "a_b & c%%: %s", buf_str(&text));
    }
    buf_clear(&text);
    formula_worked(f, inputs, 6, &text);
    answer_say(top, NULL, SAY_FORMULA, "a_b %s", buf_str(&text));
    for (size_t i = 0; i < form->n_params; i++) {
        column[i] = (Column){.heading = form->param[i].name, .is_symbol = true};
        value[i] = value_real(f->param[i].value);
    }
    AnswerNode *table = answer_table(top, NULL, form->name, column, form->n_params);
    (void)answer_row_of(table, value, form->n_params);
    buf_release(&text);
    free(f);
}

START_TEST(every_law_compiles)
{
    static const AnswerStyle style = {.is_wide = true};
    TmpDir tmp = tmpdir_open();
    Answer a = ANSWER_INIT;
    Buf out = BUF_INIT, command = BUF_INIT;
    Err err = ERR_INIT;
    for (size_t i = 0; i < form_count(); i++) {
        add_law(form_at(i), answer_top(&a));
    }
    ck_assert_msg(answer_render(&a, FORMAT_LATEX, &style, &out, &err) == ERR_OK, "%s", err.msg);
    ck_assert_ptr_null(strstr(buf_str(&out), "^-"));
    (void)tmpdir_write(&tmp, "laws.tex", buf_str(&out));
    (void)tmpdir_write(&tmp, "page.tex",
                       "\\documentclass{article}\n\\usepackage{booktabs,amsmath}\n"
                       "\\begin{document}\n\\input{laws}\n\\end{document}\n");
    if (system("pdflatex --version >/dev/null 2>&1") == 0) { /* NOLINT(concurrency-mt-unsafe) */
        buf_printf(&command,
                   "cd '%s' && pdflatex -halt-on-error -interaction=batchmode page >/dev/null",
                   tmp.path);
        int status = system(buf_str(&command)); /* NOLINT(concurrency-mt-unsafe) */
        ck_assert_msg(status == 0, "%s", buf_str(&out));
    }
    answer_release(&a);
    buf_release(&command);
    buf_release(&out);
    tmpdir_close(&tmp);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "analysis/report/law_latex"});
}
