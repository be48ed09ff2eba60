/*
 * Check: whether a registry hive is what Windows would write
 *
 * This is the judge of our own edits, so it reads every list by itself and
 * shares with what writes them only the cells and the names.
 *
 * Guests have hives that are not quite in order (a wrong count of a security
 * descriptor's users is common where other tools were at work), and Windows
 * lives with them.  An edit is therefore judged by what it adds: a fault is
 * known by its kind and its cell, and those that were there before are none
 * of ours.  Cells that nothing refers to are only counted.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "guest-limits.h"
#include "hive-check-internal.h"
#include "hive-base.h"
#include "hive-index.h"
#include "hive-key.h"
#include "le.h"

static const char *const fault_texts[] = {
    [FAULT_USED_TWICE] = "two things refer to it",
    [FAULT_KEY] = "it is no key",
    [FAULT_NAMELESS] = "the key has no name",
    [FAULT_PARENT] = "the key has another parent",
    [FAULT_DEPTH] = "the key is nested too deep",
    [FAULT_LIST] = "it is no list of subkeys",
    [FAULT_LIST_KIND] = "the list of subkeys is of another Windows",
    [FAULT_LIST_COUNT] = "the key has another number of subkeys",
    [FAULT_ORDER] = "the subkeys are not in order",
    [FAULT_HASH] = "the list of subkeys has a wrong hash",
    [FAULT_LARGEST] = "the key has longer names or data than it says",
    [FAULT_CLASS] = "the key's class name is damaged",
    [FAULT_SECURITY] = "it is no security descriptor",
    [FAULT_USERS] = "the security descriptor has another number of users",
    [FAULT_RING] = "the ring of security descriptors is broken",
    [FAULT_VALUE_LIST] = "the key's list of values is damaged",
    [FAULT_VALUE] = "it is no value",
    [FAULT_DATA] = "the value's data is damaged",
};

void hive_check_fault(HiveCheck *check, Fault fault, uint32_t cell)
{
    uint64_t item = (uint64_t)fault << 32 | cell;

    if (check->faults->len < LIMIT_HIVE_FAULTS) {
        g_array_append_val(check->faults, item);
    }
}

const HiveReferences *hive_check_references(const HiveCheck *check)
{
    return &check->references;
}

bool hive_check_refer(HiveCheck *check, uint32_t cell)
{
    uint32_t byte = cell / 4 / 8;
    uint8_t mask = 1 << cell / 4 % 8;

    if (cell >= check->references.bins || cell % 4 != 0) {
        return false;
    }
    if (check->references.once[byte] & mask) {
        check->references.twice[byte] |= mask;
        hive_check_fault(check, FAULT_USED_TWICE, cell);
        return false;
    }
    check->references.once[byte] |= mask;
    return true;
}

const uint8_t *hive_check_own(HiveCheck *check, uint32_t cell,
                              uint32_t *size)
{
    return hive_check_refer(check, cell)
           ? hive_cell(check->image, cell, size) : NULL;
}

/* What is known of a list of subkeys while it is gone through. */
typedef struct Walk {
    uint32_t node;
    unsigned depth;
    uint32_t count;
    unsigned longest;
    bool has_previous;
    HiveName previous;
    /* The leaf in hand */
    uint32_t leaf;
} Walk;

static bool hash_is_right(const uint8_t *leaf, const uint8_t *element,
                          const HiveName *name)
{
    uint8_t hint[4];

    if (memcmp(leaf, "li", 2) == 0) {
        return true;
    }
    if (memcmp(leaf, "lh", 2) == 0) {
        return get_le32(element + INDEX_HINT) == hive_name_hash(name);
    }
    hive_name_hint(name, hint);
    /* A hint that begins with 0 is none. */
    return memcmp(element + INDEX_HINT, hint, 4) == 0 ||
           (hint[0] == 0 && element[INDEX_HINT] == 0);
}

static void check_element(HiveCheck *check, Walk *walk, const uint8_t *leaf,
                          const uint8_t *element)
{
    uint32_t cell = get_le32(element);
    const uint8_t *node = hive_node(check->image, cell);
    Pending pending = { cell, walk->node, walk->depth + 1 };
    HiveName name;

    walk->count++;
    if (!hive_check_refer(check, cell) || !node) {
        hive_check_fault(check, FAULT_KEY, cell);
        return;
    }
    g_array_append_val(check->pending, pending);
    name = hive_node_name(node);
    if (walk->has_previous && hive_name_compare(&walk->previous,
                                                &name) >= 0) {
        hive_check_fault(check, FAULT_ORDER, walk->node);
    }
    if (!hash_is_right(leaf, element, &name)) {
        hive_check_fault(check, FAULT_HASH, walk->leaf);
    }
    walk->longest = MAX(walk->longest, name.length);
    walk->previous = name;
    walk->has_previous = true;
}

static void check_leaf(HiveCheck *check, Walk *walk, uint32_t cell)
{
    uint32_t size;
    const uint8_t *leaf = hive_check_own(check, cell, &size);
    unsigned element, count;

    if (!leaf || size < INDEX_ELEMENTS || leaf[0] != 'l' ||
        !strchr("fhi", leaf[1])) {
        hive_check_fault(check, FAULT_LIST, cell);
        return;
    }
    element = leaf[1] == 'i' ? 4 : 8;
    count = get_le16(leaf + INDEX_COUNT);
    if (count == 0 || count > (size - INDEX_ELEMENTS) / element) {
        hive_check_fault(check, FAULT_LIST, cell);
        return;
    }
    if ((leaf[1] == 'h' && check->image->minor < HIVE_MINOR_HASH_LEAF) ||
        count > INDEX_LEAF_MAX) {
        hive_check_fault(check, FAULT_LIST_KIND, cell);
    }
    walk->leaf = cell;
    for (unsigned i = 0; i < count; i++) {
        check_element(check, walk, leaf, leaf + INDEX_ELEMENTS + i * element);
    }
}

static void check_list(HiveCheck *check, Walk *walk, uint32_t cell)
{
    uint32_t size;
    const uint8_t *root = hive_record(check->image, cell, "ri",
                                      INDEX_ELEMENTS, &size);
    unsigned count;

    if (!root) {
        check_leaf(check, walk, cell);
        return;
    }
    count = get_le16(root + INDEX_COUNT);
    if (!hive_check_refer(check, cell) || count > (size - INDEX_ELEMENTS) / 4) {
        hive_check_fault(check, FAULT_LIST, cell);
        return;
    }
    for (unsigned i = 0; i < count; i++) {
        check_leaf(check, walk, get_le32(root + INDEX_ELEMENTS + 4 * i));
    }
}

static void check_subkeys(HiveCheck *check, uint32_t cell,
                          const uint8_t *node, unsigned depth)
{
    Walk walk = { .node = cell, .depth = depth };

    if (get_le32(node + NK_SUBKEYS) > 0) {
        check_list(check, &walk, get_le32(node + NK_SUBKEY_LIST));
    }
    if (walk.count != get_le32(node + NK_SUBKEYS)) {
        hive_check_fault(check, FAULT_LIST_COUNT, cell);
    }
    if (walk.longest * 2 > get_le16(node + NK_MAX_SUBKEY_NAME)) {
        hive_check_fault(check, FAULT_LARGEST, cell);
    }
}

static void check_key(HiveCheck *check, const Pending *key)
{
    const uint8_t *node = hive_node(check->image, key->node);

    if (!node) {
        hive_check_fault(check, FAULT_KEY, key->node);
        return;
    }
    if (hive_node_name(node).length == 0) {
        hive_check_fault(check, FAULT_NAMELESS, key->node);
    }
    /* The root's is the volatile key that the hive is mounted on. */
    if (key->depth > 0 && get_le32(node + NK_PARENT) != key->parent) {
        hive_check_fault(check, FAULT_PARENT, key->node);
    }
    hive_check_count_user(check, node);
    hive_check_class(check, key->node, node);
    hive_check_values(check, key->node, node);
    if (key->depth < LIMIT_KEY_DEPTH) {
        check_subkeys(check, key->node, node, key->depth);
    } else {
        hive_check_fault(check, FAULT_DEPTH, key->node);
    }
}

static bool check_all(HiveCheck *check, uint32_t root)
{
    Pending first = { root, HIVE_NO_CELL, 0 };

    if (!hive_check_refer(check, root)) {
        return false;
    }
    g_array_append_val(check->pending, first);
    while (check->pending->len > 0) {
        Pending key = g_array_index(check->pending, Pending,
                                    check->pending->len - 1);

        g_array_set_size(check->pending, check->pending->len - 1);
        check_key(check, &key);
    }
    hive_check_security(check, root);
    return true;
}

static int compare_faults(const void *a, const void *b)
{
    uint64_t first = *(const uint64_t *)a;
    uint64_t second = *(const uint64_t *)b;

    return first < second ? -1 : first > second;
}

/* Cells in use that nothing refers to: garbage, but it must not grow. */
static uint32_t count_lost(const HiveCheck *check)
{
    const GByteArray *starts = check->image->starts;
    uint32_t count = 0;

    for (guint i = 0; i < starts->len; i++) {
        count += __builtin_popcount(starts->data[i] &
                                    ~check->references.once[i]);
    }
    return count;
}

HiveCheck *hive_check_new(const HiveImage *image, uint32_t root)
{
    HiveCheck *check = g_new0(HiveCheck, 1);

    check->image = image;
    check->faults = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    check->references.bins = image->bins;
    check->references.once = g_malloc0(image->starts->len);
    check->references.twice = g_malloc0(image->starts->len);
    check->pending = g_array_new(FALSE, FALSE, sizeof(Pending));
    check->users = g_hash_table_new(NULL, NULL);
    if (!check_all(check, root)) {
        hive_check_fault(check, FAULT_KEY, root);
    }
    check->lost = count_lost(check);
    g_array_sort(check->faults, compare_faults);
    g_clear_pointer(&check->pending, g_array_unref);
    g_clear_pointer(&check->users, g_hash_table_unref);
    check->image = NULL;
    return check;
}

void hive_check_free(HiveCheck *check)
{
    if (check) {
        g_array_unref(check->faults);
        g_free(check->references.once);
        g_free(check->references.twice);
        g_free(check);
    }
}

static char *describe(uint64_t fault)
{
    return g_strdup_printf("the cell at offset %u: %s",
                           HIVE_BASE_SIZE + (uint32_t)fault,
                           fault_texts[fault >> 32]);
}

bool hive_check_is_hopeless(const HiveCheck *check)
{
    return check->faults->len >= LIMIT_HIVE_FAULTS;
}

/* Windows does not mind, and other tools leave it behind. */
static bool is_harmless(uint64_t fault)
{
    return fault >> 32 == FAULT_LARGEST || fault >> 32 == FAULT_USERS;
}

char *hive_check_describe(const HiveCheck *check)
{
    g_autofree char *first = NULL;
    unsigned count = 0;

    for (guint i = 0; i < check->faults->len; i++) {
        uint64_t fault = g_array_index(check->faults, uint64_t, i);

        if (!is_harmless(fault) && count++ == 0) {
            first = describe(fault);
        }
    }
    return count == 0 ? NULL
           : count == 1 ? g_steal_pointer(&first)
           : g_strdup_printf("%s, and %u places more", first, count - 1);
}

char *hive_check_compare(const HiveCheck *before, const HiveCheck *after)
{
    for (guint i = 0; i < after->faults->len; i++) {
        uint64_t fault = g_array_index(after->faults, uint64_t, i);

        if (!g_array_binary_search(before->faults, &fault, compare_faults,
                                   NULL)) {
            return describe(fault);
        }
    }
    return after->lost <= before->lost
           ? NULL : g_strdup_printf("%u cells got lost",
                                    after->lost - before->lost);
}
