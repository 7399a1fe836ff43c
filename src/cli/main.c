/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds the verb, reads its options, runs it, and prints its failure if it has one: the one place
 * where a GError becomes text.
 */
#include <errno.h>
#include <glib.h>
#include <locale.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"
#include "cli/verbs.h"

#define DEFAULT_WIDTH 100

static void print_usage(FILE *out)
{
    fputs("Usage: bmslice VERB [OPTION...] [ARGUMENT...]\n"
          "Slices a bare metal server into pinned virtual machines.\n\nVerbs:\n",
          out);
    for (guint i = 0; i < N_VERBS; i++) {
        g_autofree char *call = g_strconcat(VERBS[i].name, " ", VERBS[i].arguments, NULL);

        fprintf(out, "  %-24s %s\n", call, VERBS[i].summary);
    }
    fputs("\nOptions of every verb:\n"
          "  --connect URI            libvirt connection (default: the spec's uri, or "
          "qemu:///system)\n"
          "  --json                   results as JSON on standard output\n"
          "  --quiet                  no progress\n"
          "  --color WHEN             auto, always or never\n"
          "  --help                   help; after a verb, that verb's options\n"
          "  --version\n"
          "\nExit: 0 fine, 1 failure, 2 usage, 3 findings or differences.\n",
          out);
}

static int fail_usage(const char *format, ...) G_GNUC_PRINTF(1, 2);

static int fail_usage(const char *format, ...)
{
    va_list arguments;

    fputs("bmslice: ", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputs("\nTry 'bmslice --help'.\n", stderr);
    return EXIT_USAGE;
}

static int fail_unknown_verb(const char *name)
{
    g_autofree const char **names = g_new0(const char *, N_VERBS + 1);
    g_autofree char *quoted = text_quote(name, 40);
    const char *nearest;

    for (guint i = 0; i < N_VERBS; i++)
        names[i] = VERBS[i].name;
    nearest = text_nearest(name, names);
    if (nearest)
        return fail_usage("unknown verb '%s'; did you mean '%s'?", quoted, nearest);
    return fail_usage("unknown verb '%s'", quoted);
}

static const Verb *find_verb(const char *name)
{
    for (guint i = 0; i < N_VERBS; i++) {
        if (strcmp(VERBS[i].name, name) == 0)
            return &VERBS[i];
    }
    return NULL;
}

/* Colour follows --color; by itself only on a terminal, and not when NO_COLOR asks for none
 * (https://no-color.org). */
static Term open_term(FILE *file, const char *when)
{
    Term term = {.out = file, .is_terminal = isatty(fileno(file)), .width = DEFAULT_WIDTH};
    struct winsize size;

    if (term.is_terminal && ioctl(fileno(file), TIOCGWINSZ, &size) == 0 && size.ws_col >= 40)
        term.width = size.ws_col;
    if (strcmp(when, "auto") == 0)
        term.colour = term.is_terminal && !g_getenv("NO_COLOR");
    else
        term.colour = strcmp(when, "always") == 0;
    return term;
}

/* The options of every verb may stand before the verb or after it. */
typedef struct {
    Globals globals;
    char *color;
    gboolean help, version;
    char **args;
} Line;

static void line_clear(Line *line)
{
    g_free(line->globals.connect);
    g_free(line->color);
    g_strfreev(line->args);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Line, line_clear)

static GOptionContext *open_context(Line *line, const char *arguments)
{
    const GOptionEntry entries[] = {
        {"connect", 0, 0, G_OPTION_ARG_STRING, &line->globals.connect, "libvirt connection", "URI"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &line->globals.json, "results as JSON", NULL},
        {"quiet", 0, 0, G_OPTION_ARG_NONE, &line->globals.quiet, "no progress", NULL},
        {"color", 0, 0, G_OPTION_ARG_STRING, &line->color, "auto, always or never", "WHEN"},
        {"version", 0, 0, G_OPTION_ARG_NONE, &line->version, "version", NULL},
        G_OPTION_ENTRY_NULL,
    };
    GOptionContext *context = g_option_context_new(arguments);

    g_option_context_add_main_entries(context, entries, NULL);
    return context;
}

/* What stands before the verb; leaves the verb at argv[1]. */
static bool parse_before_verb(Line *line, int *argc, char ***argv, GError **error)
{
    const GOptionEntry help[] = {
        {"help", 'h', 0, G_OPTION_ARG_NONE, &line->help, "help", NULL},
        G_OPTION_ENTRY_NULL,
    };
    g_autoptr(GOptionContext) context = open_context(line, NULL);

    g_option_context_set_help_enabled(context, false);
    g_option_context_set_strict_posix(context, true);
    g_option_context_add_main_entries(context, help, NULL);
    return g_option_context_parse(context, argc, argv, error);
}

static bool parse_after_verb(Line *line, const Verb *verb, int argc, char **argv, GError **error)
{
    const GOptionEntry rest[] = {
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &line->args, NULL, NULL},
        G_OPTION_ENTRY_NULL,
    };
    g_autoptr(GOptionContext) context = open_context(line, verb->arguments);
    g_autofree char *program = g_strconcat("bmslice ", verb->name, NULL);

    g_set_prgname(program);
    g_option_context_set_summary(context, verb->summary);
    g_option_context_add_main_entries(context, rest, NULL);
    if (verb->options)
        g_option_context_add_main_entries(context, verb->options, NULL);
    return g_option_context_parse(context, &argc, &argv, error);
}

/* NULL when the line is sound, else what is wrong with it. */
static const char *check_line(const Line *line, const Verb *verb)
{
    const char *const colours[] = {"auto", "always", "never", NULL};
    int n_args = line->args ? (int)g_strv_length(line->args) : 0;

    if (n_args < verb->min_args)
        return "an argument is missing";
    if (verb->max_args >= 0 && n_args > verb->max_args)
        return "too many arguments";
    if (line->color && !g_strv_contains(colours, line->color))
        return "--color takes auto, always or never";
    return NULL;
}

static int run_verb(Line *line, const Verb *verb)
{
    const char *when = line->color ? line->color : "auto";
    g_autoptr(GError) error = NULL;
    int status;

    line->globals.out = open_term(stdout, when);
    line->globals.err = open_term(stderr, when);
    status = verb->run(&line->globals, line->args, &error);
    if (!error)
        return status;
    if (g_error_matches(error, BMS_ERROR, BMS_ERROR_USAGE))
        return fail_usage("%s: %s", verb->name, error->message);
    fprintf(stderr, "bmslice: %s\n", error->message);
    return EXIT_FAILED;
}

/* A full disk or a closed pipe must not look like success. */
static int close_output(int status)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    fprintf(stderr, "bmslice: cannot write the result: %s\n", g_strerror(errno));
    return EXIT_FAILED;
}

int main(int argc, char **argv)
{
    g_auto(Line) line = {0};
    g_autoptr(GError) error = NULL;
    const Verb *verb;
    const char *flaw;

    setlocale(LC_CTYPE, "C.UTF-8");
    if (!parse_before_verb(&line, &argc, &argv, &error))
        return fail_usage("%s", error->message);
    if (line.version) {
        puts("bmslice " BMSLICE_VERSION);
        return close_output(EXIT_FINE);
    }
    if (line.help || argc < 2) {
        print_usage(line.help ? stdout : stderr);
        return close_output(line.help ? EXIT_FINE : EXIT_USAGE);
    }
    verb = find_verb(argv[1]);
    if (!verb)
        return fail_unknown_verb(argv[1]);
    if (!parse_after_verb(&line, verb, argc - 1, argv + 1, &error))
        return fail_usage("%s: %s", verb->name, error->message);
    flaw = check_line(&line, verb);
    if (flaw)
        return fail_usage("%s: %s: bmslice %s %s", verb->name, flaw, verb->name, verb->arguments);
    return close_output(run_verb(&line, verb));
}
