static int files_in(const char *folder) {
    int count = 0;
    DIR *entries = opendir(folder);
    const struct dirent *entry;
    while ((entry = readdir(entries)) != NULL) count += entry->d_name[0] != '.';
    closedir(entries);
    return count;
}

