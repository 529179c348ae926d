/**
 * The note ids to archive, and how far each one got.
 *
 * <p>Ids come in by {@link Enqueuer}; a node claims one that is due, by {@link Claims}, and settles it, by
 * {@link Settlements}. A claim is a lease with a number; whoever settles names the number, so that a claim that was
 * lost meanwhile writes nothing. Operators have {@link Interventions}. Looked at are single notes in {@link Worklist},
 * and how many there are in {@link WorklistCounts}.
 */
@NullMarked
package io.github.notearchive.worklist;

import org.jspecify.annotations.NullMarked;
