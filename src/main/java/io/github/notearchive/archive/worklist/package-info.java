/**
 * The note ids to archive, and how far each one got.
 *
 * <p>Ids come in by {@link Enqueuer}; a node claims one that is due, by {@link ClaimRepository}, and settles it, by
 * {@link WorklistRepository}. A claim is a lease with a number; whoever settles names the number, so that a claim that
 * was lost meanwhile writes nothing. Operators have {@link OperatorActions}. Looked at are single notes in
 * {@link Worklist}, and how many there are in {@link WorklistStats}.
 */
@NullMarked
package io.github.notearchive.archive.worklist;

import io.github.notearchive.archive.stats.WorklistStats;
import org.jspecify.annotations.NullMarked;
