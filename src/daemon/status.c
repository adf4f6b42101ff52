#include "daemon/status.h"

#include "base/mem.h"
#include "base/version.h"
#include "daemon/cluster_json.h"

#include <unistd.h>

char *status_render(const char *dir, struct clusters *clusters)
{
    json_t *list = json_array();
    struct supervisor **all;
    size_t count = clusters_borrow_all(clusters, &all);

    for (size_t i = 0; i < count; i++) {
        (void)json_array_append_new(list, cluster_json(all[i], true));
        clusters_return(clusters, all[i]);
    }
    mem_free(all);
    return cluster_json_text(json_pack("{s:s, s:s, s:i, s:o}", "version", BOREALIS_VERSION,
                                       "directory", dir, "daemon_pid", (int)getpid(), "clusters",
                                       list));
}
