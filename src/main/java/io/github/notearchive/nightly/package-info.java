/**
 * The nightly job: claims a due note, fetches it, downloads its media, stores both and settles the worklist row.
 *
 * <p>{@link NightlyJobRunner} assembles a {@link NightlyRun}, which runs one night or resumes an unfinished one, with a
 * separate {@link RunState}. {@link StartChecks} decides whether it may start, {@link ClaimControl} limits its claims,
 * {@link ProgressReporter} reports its progress and {@link RunSummaryQueries} its result. {@link NightlyJob} defines
 * the Spring Batch job: one partitioned step whose workers loop over {@link WorklistReader}, {@link NoteProcessor} and
 * {@link DispositionWriter}. {@link RunStopper} ends a run once, with a reason.
 *
 * <p>Uses: {@code archive}, {@code batch}, {@code provider}, {@code media}, {@code store}. Used by: {@code cli}.
 */
@NullMarked
package io.github.notearchive.nightly;

import org.jspecify.annotations.NullMarked;
