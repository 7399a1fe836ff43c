/* SPDX-License-Identifier: Apache-2.0 */
#include "core/explain.h"

#include "core/place_internal.h"

/* Choices of nodes that are planned and told. */
#define MAX_CHOICES 32
#define MAX_CHANGES 8

#define AT(member) offsetof(ExplainChoice, member)
static const Field choice_fields[] = {
    {"nodes", FIELD_INTS, AT(nodes), .doc = "NUMA nodes"},
    {"level", FIELD_TEXT, AT(level), .doc = "the first level at which the plan would be worse"},
    {"value", FIELD_INT, AT(value), .doc = "at that level, there"},
    {"best", FIELD_INT, AT(best), .doc = "at that level, of the plan"},
    {"lack", FIELD_TEXT, AT(lack), .doc = "what is missing there beside the other slices"},
};
static const Record choice_record = {"choice", sizeof(ExplainChoice), .node_offset = -1,
                                     RECORD_FIELDS(choice_fields)};
#undef AT

#define AT(member) offsetof(Explanation, member)
static const Field explanation_fields[] = {
    {"slice", FIELD_TEXT, AT(slice), .doc = "slice"},
    {"placed", FIELD_FLAG, AT(placed), .doc = "has it a place?"},
    {"nodes", FIELD_INTS, AT(nodes), .doc = "where"},
    {"resource", FIELD_TEXT, AT(resource), .doc = "what is missing"},
    {"reason", FIELD_TEXT, AT(reason), .doc = "in words"},
    {"hint", FIELD_TEXT, AT(hint), .doc = "the mend, when there is but one"},
    {"choices", FIELD_LIST, AT(choices), .record = &choice_record, .doc = "other nodes"},
    {"choices_left", FIELD_INT, AT(choices_left), .doc = "how many more were not looked at"},
    {"changes", FIELD_TEXTS, AT(changes), .doc = "what would let it in, the smallest first"},
};
const Record EXPLANATION_RECORD = {"explanation", sizeof(Explanation), .node_offset = -1,
                                   RECORD_FIELDS(explanation_fields)};
#undef AT

void explanation_free(Explanation *explanation)
{
    record_free(&EXPLANATION_RECORD, explanation);
}

json_t *explanation_to_json(const Explanation *explanation)
{
    return record_encode(&EXPLANATION_RECORD, explanation);
}

typedef struct {
    const Spec *spec;
    const Supply *supply;
    const GPtrArray *instances, *running, *demands;
    const Solution *solution;
    const Demand *demand;
} Question;

static void add_nodes(const Question *question, const guint16 *nodes, GArray *list)
{
    for (guint i = 0; i < question->demand->n_nodes; i++) {
        const SupplyNode *node = g_ptr_array_index(question->supply->nodes, nodes[i]);

        g_array_append_val(list, node->node->id);
    }
}

/* The plan with the slice on these nodes, and everybody else where that is best. */
static Solution *solve_with(const Question *question, const guint16 *nodes)
{
    g_autoptr(GPtrArray) demands =
        demands_new(question->supply, question->spec, question->instances, question->running);
    Demand *demand = g_ptr_array_index(demands, question->demand->index);

    g_array_set_size(demand->tuples, 0);
    g_array_append_vals(demand->tuples, nodes, demand->n_nodes);
    g_clear_pointer(&demand->stay, g_array_unref);
    return search_solve(question->supply, demands, PLACE_BUDGET);
}

/* The same levels in the same order, for the slices are the same. */
static void compare_levels(const Solution *with, const Solution *best, ExplainChoice *choice)
{
    for (guint i = 0; i < best->levels->len; i++) {
        const SolutionLevel *ours = &g_array_index(best->levels, SolutionLevel, i);
        const SolutionLevel *theirs = &g_array_index(with->levels, SolutionLevel, i);

        if (ours->value == theirs->value)
            continue;
        choice->level = g_strdup(ours->name);
        choice->value = theirs->value;
        choice->best = ours->value;
        return;
    }
}

static void add_choice(const Question *question, const guint16 *nodes, Explanation *explanation)
{
    ExplainChoice *choice = plan_member_new(&EXPLANATION_RECORD, "choices");
    const Choice *own = &question->solution->choices[question->demand->index];

    add_nodes(question, nodes, choice->nodes);
    choice->lack = refuse_lack(question->supply, question->demands, question->solution,
                               question->demand, nodes);
    if (own->placed) {
        g_autoptr(Solution) with = solve_with(question, nodes);

        compare_levels(with, question->solution, choice);
    }
    g_ptr_array_add(explanation->choices, choice);
}

static void add_choices(const Question *question, Explanation *explanation)
{
    const Demand *demand = question->demand;
    const Choice *own = &question->solution->choices[demand->index];

    for (guint t = 0; t < demand->tuples->len && !demand->flaw; t += demand->n_nodes) {
        const guint16 *nodes = &g_array_index(demand->tuples, guint16, t);
        bool is_own = own->placed;

        for (guint i = 0; i < demand->n_nodes; i++)
            is_own = is_own && own->nodes[i] == nodes[i];
        if (is_own)
            continue;
        if (explanation->choices->len < MAX_CHOICES)
            add_choice(question, nodes, explanation);
        else
            explanation->choices_left++;
    }
}

static void add_refusal(const Question *question, Explanation *explanation)
{
    const char *resource, *hint;
    g_autoptr(GPtrArray) changes = NULL;

    explanation->reason = refuse_reason(question->supply, question->demands, question->solution,
                                        question->demand, &resource, &hint);
    explanation->resource = g_strdup(resource);
    explanation->hint = g_strdup(hint);
    changes = mend_list(question->supply, question->spec, question->demands, question->solution,
                        question->demand, MAX_CHANGES);
    for (guint i = 0; i < changes->len; i++)
        g_ptr_array_add(explanation->changes, g_strdup(g_ptr_array_index(changes, i)));
}

static Explanation *answer(const Question *question)
{
    Explanation *explanation = record_new(&EXPLANATION_RECORD);
    const Choice *choice = &question->solution->choices[question->demand->index];

    explanation->slice = g_strdup(question->demand->instance->name);
    explanation->placed = choice->placed;
    explanation->choices_left = 0;
    if (choice->placed)
        add_nodes(question, choice->nodes, explanation->nodes);
    else
        add_refusal(question, explanation);
    add_choices(question, explanation);
    return explanation;
}

Explanation *explain_slice(const Spec *spec, const SpecHost *spec_host, const Host *host,
                           const GPtrArray *running, const char *name)
{
    g_autoptr(GPtrArray) findings = findings_new();
    g_autoptr(GPtrArray) instances = spec_expand(spec);
    g_autoptr(Supply) supply =
        supply_new(host, spec_host, demands_count_vfs(instances), running, findings);
    g_autoptr(GPtrArray) demands = NULL;
    g_autoptr(Solution) solution = NULL;

    if (findings_have(findings, FINDING_ERROR))
        return NULL;
    demands = demands_new(supply, spec, instances, running);
    solution = search_solve(supply, demands, PLACE_BUDGET);
    for (guint i = 0; i < demands->len; i++) {
        const Question question = {
            spec, supply, instances, running, demands, solution, g_ptr_array_index(demands, i)};

        if (g_str_equal(question.demand->instance->name, name))
            return answer(&question);
    }
    return NULL;
}
