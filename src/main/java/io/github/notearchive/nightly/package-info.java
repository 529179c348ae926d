/**
 * The nightly job: claims a due note, fetches it, downloads its media, stores both and settles the worklist row.
 *
 * <p>{@link NightlyJobRunner} assembles a {@link NightlyRun}, which runs one night or resumes an unfinished one, with a
 * separate {@link RunState}. {@link StartChecks} decides whether it may start, {@link RunSupervisor} when it ends
 * early, {@link WorklistReader.ClaimControl} limits its claims, {@link RunReporter} reports its progress and result.
 * {@link NightlyJob} defines the Spring Batch job: one partitioned step whose workers loop over {@link WorklistReader},
 * {@link NoteProcessor} and {@link DispositionWriter}. {@link RunStopper} ends a run once, with a reason.
 *
 * <p>Sequence of a note. Each step is durable before the next one, and can be repeated.
 *
 * <ol>
 *   <li>{@link NoteFetcher} returns the responses, which are in the ledger.
 *   <li>{@link MediaCollector} downloads the missing files in parallel. The thread that downloaded a file checks it and
 *       uploads it ({@link MediaUploads}), within one time limit. So memory and disk hold only files in transfer.
 *       During an outage of the store, these threads wait.
 *   <li>{@link NoteDecision} decides.
 *   <li>{@link DispositionWriter} writes the sidecar, then the rows.
 * </ol>
 *
 * <p>The rows of stored files are written with each disposition, also if the note is released. A response of an earlier
 * night with expired URLs is bought again by the next claim of its note, which is due at once.
 *
 * <p>Uses: {@code archive}, {@code batch}, {@code media}, {@code prove}, {@code provider}, {@code store}.
 */
@NullMarked
package io.github.notearchive.nightly;

import org.jspecify.annotations.NullMarked;
