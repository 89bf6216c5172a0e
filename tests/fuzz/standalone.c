/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A main() for a fuzz target without libFuzzer: runs the target on each file
 * of a folder, and on each shorter prefix of it. The input ends at a page that
 * must not be touched, so a decoder that reads one byte too far crashes.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Prefixes of longer inputs take a time that grows with their square. */
#define PREFIX_MAX 2048

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct guarded {
	uint8_t *map;
	size_t map_size;
	uint8_t *end; /* where the forbidden page begins */
};

static int
guarded_open(struct guarded *g, size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t usable = (size + page) / page * page;

	g->map_size = usable + page;
	g->map = mmap(NULL, g->map_size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (g->map == MAP_FAILED)
		return -1;
	g->end = g->map + usable;
	return mprotect(g->end, page, PROT_NONE);
}

static void
guarded_run(const struct guarded *g, const uint8_t *data, size_t size)
{
	uint8_t *start = g->end - size;

	memcpy(start, data, size);
	LLVMFuzzerTestOneInput(start, size);
}

static uint8_t *
read_file(int dir, const char *name, size_t *size)
{
	uint8_t *data = NULL;
	struct stat st;
	int fd;

	fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) != 0)
		goto out;
	data = malloc((size_t)st.st_size + 1);
	if (data == NULL)
		goto out;
	*size = (size_t)st.st_size;
	if (read(fd, data, *size) != (ssize_t)*size) {
		free(data);
		data = NULL;
	}
out:
	close(fd);
	return data;
}

static int
run_file(int dir, const char *name)
{
	struct guarded g;
	uint8_t *data;
	size_t size, n;

	data = read_file(dir, name, &size);
	if (data == NULL || guarded_open(&g, size) != 0) {
		printf("# %s: %s\n", name, strerror(errno));
		free(data);
		return -1;
	}
	printf("# %s\n", name);
	guarded_run(&g, data, size);
	for (n = 0; n < size && size <= PREFIX_MAX; n++)
		guarded_run(&g, data, n);
	munmap(g.map, g.map_size);
	free(data);
	return 0;
}

int
main(int argc, char **argv)
{
	struct dirent *entry;
	int files = 0, bad = 0;
	DIR *dir;

	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("1..1\n");
	dir = argc == 2 ? opendir(argv[1]) : NULL;
	if (dir == NULL) {
		printf("not ok 1 - no corpus: give the folder that holds it\n");
		return 1;
	}
	for (;;) {
		entry = readdir(dir);
		if (entry == NULL)
			break;
		if (entry->d_name[0] == '.')
			continue;
		files++;
		if (run_file(dirfd(dir), entry->d_name) != 0)
			bad++;
	}
	closedir(dir);
	if (bad > 0 || files == 0) {
		printf("not ok 1 - %s: %d of %d inputs could not be run\n",
		    argv[1], bad, files);
		return 1;
	}
	printf("ok 1 - %s, %d inputs\n", argv[1], files);
	return 0;
}
