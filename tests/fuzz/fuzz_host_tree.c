/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libFuzzer target for discovery on a captured tree. An input is a list of changes to files of a
 * made tree (tests/hosts/make-seed, so it runs from the root of the source), or of the capture in
 * DIR (--tree=DIR, which is left as it was), each
 *
 *     2 bytes  which path, modulo their number
 *     1 byte   what is done to it (Change)
 *     1 byte   n, then n bytes: content, or target of a symlink
 *
 * Whatever a tree holds, discovery must not crash, hang, or tell what no JSON can hold or what
 * contradicts itself.
 */
#include <ftw.h>
#include <glib/gstdio.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "model/finding.h"
#include "port/discover.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef enum {
    CHANGE_CONTENT,
    CHANGE_APPEND,
    CHANGE_REMOVE,
    CHANGE_LINK,
    CHANGE_FIFO,
    N_CHANGES
} Change;

enum { MAX_CHANGES = 24 };

/* What was at a path before. */
typedef struct {
    const char *path;
    char *content; /* of a file, or NULL */
    gsize length;
    char *target; /* of a symlink, or NULL */
} Saved;

/* Of the whole run; a fuzz target has no other place for it. */
static char *folder, *root; /* what is changed, and what is read */
static GPtrArray *paths;

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *level)
{
    return remove(path);
}

static void remove_folder(void)
{
    (void)nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static int add_path(const char *path, const struct stat *status, int type, struct FTW *level)
{
    if (type == FTW_F || type == FTW_SL)
        g_ptr_array_add(paths, g_strdup(path));
    return 0;
}

static int compare_paths(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* A made tree in a folder of our own. */
static void make_tree(void)
{
    const char *command[] = {"python3", "tests/hosts/make-seed", NULL, "sub-numa", NULL};
    GError *error = NULL;
    int status;

    folder = g_strdup(g_file_test("/dev/shm", G_FILE_TEST_IS_DIR) ? "/dev/shm/bmslice-fuzz-XXXXXX"
                                                                  : "/tmp/bmslice-fuzz-XXXXXX");
    command[2] = g_mkdtemp(folder);
    if (!command[2] ||
        !g_spawn_sync(NULL, (char **)command, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL,
                      &status, &error) ||
        !g_spawn_check_wait_status(status, &error))
        g_error("no tree: %s", error ? error->message : folder);
    atexit(remove_folder);
}

/* libFuzzer passes over options with two dashes. */
static const char *find_tree(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (g_str_has_prefix(argv[i], "--tree="))
            return argv[i] + strlen("--tree=");
    }
    return NULL;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    const char *tree = find_tree(*argc, *argv);

    if (tree)
        folder = g_strdup(tree);
    else
        make_tree();
    root = tree ? g_strdup(tree) : g_build_filename(folder, "sub-numa", NULL);
    paths = g_ptr_array_new_with_free_func(g_free);
    (void)nftw(folder, add_path, 16, FTW_PHYS);
    g_ptr_array_sort(paths, compare_paths);
    g_assert(paths->len > 0);
    return 0;
}

static Saved take_away(const char *path)
{
    Saved saved = {.path = path, .target = g_file_read_link(path, NULL)};

    if (!saved.target)
        g_file_get_contents(path, &saved.content, &saved.length, NULL);
    (void)unlink(path);
    return saved;
}

static void put_back(Saved *saved)
{
    (void)unlink(saved->path);
    if (saved->target)
        (void)!symlink(saved->target, saved->path);
    else
        g_file_set_contents_full(saved->path, saved->content, (gssize)saved->length,
                                 G_FILE_SET_CONTENTS_NONE, 0644, NULL);
    g_free(saved->target);
    g_free(saved->content);
}

static void change_path(const Saved *saved, Change change, const char *bytes, gsize length)
{
    g_autofree char *text = g_strndup(bytes, length);
    g_autoptr(GString) content = g_string_new_len(bytes, (gssize)length);

    if (change == CHANGE_APPEND && saved->content)
        g_string_prepend_len(content, saved->content, (gssize)saved->length);
    if (change == CHANGE_FIFO)
        (void)mkfifo(saved->path, 0644);
    else if (change == CHANGE_LINK)
        (void)!symlink(text, saved->path);
    else if (change != CHANGE_REMOVE)
        g_file_set_contents_full(saved->path, content->str, (gssize)content->len,
                                 G_FILE_SET_CONTENTS_NONE, 0644, NULL);
}

static guint change_tree(const uint8_t *data, size_t size, Saved *saved)
{
    guint n = 0;

    while (size >= 4 && n < MAX_CHANGES) {
        const char *path = paths->pdata[(data[0] << 8 | data[1]) % paths->len];
        gsize length = MIN(data[3], size - 4);
        bool fresh = true;

        for (guint i = 0; i < n; i++)
            fresh &= saved[i].path != path;
        if (fresh) {
            saved[n] = take_away(path);
            change_path(&saved[n++], data[2] % N_CHANGES, (const char *)data + 4, length);
        }
        data += 4 + length;
        size -= 4 + length;
    }
    return n;
}

static void require(bool truth)
{
    if (!truth)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Saved saved[MAX_CHANGES];
    guint n = change_tree(data, size, saved);
    g_autoptr(GPtrArray) findings = findings_new();
    g_autoptr(GPtrArray) breaches = findings_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(Host) host = discover_host(root, findings, &error);

    require(host != NULL || error != NULL);
    if (host) {
        json_t *json = host_to_json(host);
        char *text = json ? json_dumps(json, 0) : NULL;

        require(text != NULL);
        free(text);
        json_decref(json);
        if (!host->hostname || !*host->hostname) { /* unknown, which is told */
            g_free(host->hostname);
            host->hostname = g_strdup("host");
        }
        host_check(host, breaches);
        require(breaches->len == 0);
    }
    for (guint i = 0; i < findings->len; i++) {
        const Finding *finding = g_ptr_array_index(findings, i);

        require(g_utf8_validate(finding->text, -1, NULL));
    }
    while (n > 0)
        put_back(&saved[--n]);
    return 0;
}
