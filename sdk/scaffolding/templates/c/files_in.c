static char *new_folder(void) {
    const char *parent = getenv("TMPDIR");
    char *folder;
    if (asprintf(&folder, "%s/outbox-XXXXXX", parent == NULL ? "/tmp" : parent) < 0 || mkdtemp(folder) == NULL) {
        perror("no folder for the outbox");
        exit(1);
    }
    return folder;
}

static DIR *opened(const char *folder) {
    DIR *entries = opendir(folder);
    if (entries == NULL) perror(folder), exit(1);
    return entries;
}

static int files_in(const char *folder) {
    int count = 0;
    DIR *entries = opened(folder);
    const struct dirent *entry;
    while ((entry = readdir(entries)) != NULL) count += entry->d_name[0] != '.';
    closedir(entries);
    return count;
}

static void remove_folder(char *folder) {
    DIR *entries = opened(folder);
    const struct dirent *entry;
    while ((entry = readdir(entries)) != NULL) unlinkat(dirfd(entries), entry->d_name, 0); /* neither . nor .. */
    closedir(entries);
    if (rmdir(folder) != 0) perror(folder), ++failures;
    free(folder);
}

