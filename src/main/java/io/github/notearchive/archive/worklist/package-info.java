/**
 * The worklist: note ids to archive and their states.
 *
 * <p>{@link Enqueuer} adds ids; {@link ClaimRepository} claims due notes for a node. {@link WorklistRow#apply} computes
 * the row after a {@link Transition}: the state machine. {@link WorklistRepository} writes that row and ends the claim,
 * in the transaction that archives the note, and makes the changes of operators. {@link RefreshPlan} schedules
 * refreshes of archived notes, {@link ErasureList} reads the tombstones.
 *
 * <p>Owns: {@code worklist}, {@code refresh_policy}.
 *
 * <p>Uses: {@code provider}.
 */
@NullMarked
package io.github.notearchive.archive.worklist;

import org.jspecify.annotations.NullMarked;
