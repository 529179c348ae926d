/**
 * The nightly job: claims a due note, fetches it, downloads its media, stores both and settles the worklist row.
 *
 * <p>{@link NightlyJobRunner} runs one night or resumes an unfinished one. {@link StartChecks} decides whether it may
 * start, {@link RunWatchdogs} limit its time, {@link ProgressReporter} reports its progress and {@link RunSummaries}
 * its result. {@link NightlyJob} defines the Spring Batch job: one partitioned step whose workers loop over
 * {@link WorklistReader}, {@link NoteProcessor} and {@link DispositionWriter}. {@link RunStopper} ends a run once, with
 * a reason.
 *
 * <p>Uses: {@code archive}, {@code batch}, {@code provider}, {@code media}, {@code store}. Used by: {@code telemetry},
 * {@code report}, {@code cli}.
 */
@NullMarked
package io.github.notearchive.nightly;

import org.jspecify.annotations.NullMarked;
