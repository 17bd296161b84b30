#include "cli/command.h"
#include "cli/complete.h"

/* Each script hands the words to `slaw completion --words`, which knows verbs, options and files. */
static const char bash_script[] =
    "# slaw completion bash: source it, or keep it in "
    "~/.local/share/bash-completion/completions/slaw\n"
    "_slaw() {\n"
    "    local line word typed=${COMP_LINE:0:COMP_POINT}\n"
    "    local -a words\n"
    "    read -ra words <<<\"$typed\"\n"
    "    [[ $typed != *[[:space:]] ]] || words+=('')\n"
    "    word=${words[${#words[@]} - 1]}\n"
    "    COMPREPLY=()\n"
    "    while IFS=$'\\t' read -r line _; do\n"
    "        COMPREPLY+=(\"${line#\"${word%\"${word##*[:=]}\"}\"}\")\n"
    "    done < <(slaw completion --words -- \"${words[@]:1}\" 2>/dev/null)\n"
    "    [[ ${#COMPREPLY[@]} -ne 1 || ${COMPREPLY[0]} != */ ]] || compopt -o nospace\n"
    "}\n"
    "complete -F _slaw slaw\n";

static const char zsh_script[] =
    "#compdef slaw\n"
    "# slaw completion zsh: keep it as _slaw in a folder of $fpath, or source it after compinit\n"
    "_slaw() {\n"
    "    local -a found described\n"
    "    local line name help\n"
    "    found=(\"${(@f)$(slaw completion --words -- \"${(@)words[2,CURRENT]}\" 2>/dev/null)}\")\n"
    "    for line in $found; do\n"
    "        name=${line%%$'\\t'*} help=${line#*$'\\t'}\n"
    "        [[ $name = */ ]] && { compadd -Q -S '' -- $name; continue; }\n"
    "        described+=(\"${name//:/\\\\:}:$help\")\n"
    "    done\n"
    "    (( ${#described} )) && _describe slaw described\n"
    "}\n"
    "compdef _slaw slaw\n";

static const char fish_script[] =
    "# slaw completion fish: keep it as ~/.config/fish/completions/slaw.fish\n"
    "complete -c slaw -f -a '(set -l w (commandline -opc) (commandline -ct); "
    "slaw completion --words -- $w[2..-1] 2>/dev/null)'\n";

typedef struct CompletionOpts {
    bool words;
} CompletionOpts;

static const Opt completion_opts[] = {
    {"words", NULL, "for the scripts: what could stand in place of the last of WORDs", OPT_FLAG,
     offsetof(CompletionOpts, words), NULL, 0},
    {0},
};

static ErrCode run(Session *s, const void *opts, int argc, char *const argv[], Err *err)
{
    static const char *const shell[] = {"bash", "zsh", "fish", NULL};
    static const char *const script[] = {bash_script, zsh_script, fish_script};
    static const Opt choice = {"shell", "SHELL", "", OPT_CHOICE, 0, shell, 0};
    const CompletionOpts *o = opts;
    (void)s;
    Buf out = BUF_INIT;
    int which = 0;
    ErrCode rc = ERR_OK;
    if (o->words) {
        complete_words(argc, argv, &out);
    } else if (argc != 1) {
        rc = err_set(err, ERR_USAGE, "slaw completion takes the name of a shell");
        (void)err_hint(err, "bash, zsh or fish");
    } else {
        rc = opt_store(&choice, argv[0], &which, err);
        buf_puts(&out, rc == ERR_OK ? script[which] : "");
    }
    if (rc != ERR_OK) {
        buf_release(&out);
        return rc;
    }
    return session_print(&out, err);
}

const Command command_completion = {
    .name = "completion",
    .args = "SHELL",
    .summary = "completion of verbs, options, studies, runs and columns for a shell",
    .description = "Prints a script for bash, zsh or fish that completes verbs, options and their "
                   "values, studies, runs, and the columns of a source. An installed slaw brings "
                   "the scripts along.",
    COMMAND_OPTS(completion_opts, CompletionOpts),
    .examples = {"slaw completion bash", "slaw completion fish"},
    .is_raw = true,
    .counts_args = true,
    .run = run,
};
