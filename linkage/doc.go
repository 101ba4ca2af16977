// Package linkage finds which records are of the same entity: one person, place or event
// told several times, spelt in several ways, half of it missing. It is given a table and a
// [Model] and answers with weights in bits for pairs, clusters of records, and an
// explanation of every one of them. No labels are needed; decisions of people are obeyed.
//
// The way there: values are normalised and numbered, blocking finds the pairs worth
// comparing, pairs become patterns of levels, the parameters are found by EM over counts of
// patterns, the pairs above the threshold form components, and average linkage under the
// decisions divides these. Then parameters are estimated once more with what the clusters
// showed: how common a value is counts entities, not records, so that a person told of ten
// times does not make her own name common.
//
// Everything is deterministic: the same table, model, decisions and seed give the same
// answer, with one worker or many. The package does no I/O.
package linkage
