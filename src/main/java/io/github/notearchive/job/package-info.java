/**
 * The nightly job: claim a note, ask about it, download its files, store them, mark it.
 *
 * <p>{@link ArchiveRunner} runs one night or continues the unfinished one: {@link Preflight} says whether it may,
 * {@link RunWatches} watch over it, {@link RunNews} tell how it goes on and {@link RunSummaries} what it came to.
 * {@link ArchiveJob} is the job as Spring Batch sees it: a step of many workers, each a plain loop of reader, processor
 * and writer over one claim table. {@link RunGate} is how a run ends: it closes once, with a reason, and each reader
 * then ends its own step.
 *
 * <p>{@link VerifyRunner} and {@link VerifyJob} are the same for the audit of the store; what an audit looks at and
 * finds is in the package {@code fixity}.
 *
 * <p>What is decided about a note is told to the bucket first, by {@link io.github.notearchive.sidecar.Sidecars}, and
 * written into the tables then. {@link RebuildRunner} goes the way back: the tables from the bucket, by the job of
 * {@link RebuildJob}. {@link RemapRunner} makes columns anew of the answers that the tables hold, by that of
 * {@link RemapJob}. {@link ArchiveRevision} compares the tables with the bucket, so that a restored dump is recognized.
 *
 * <p>Archived notes are asked about anew by {@link RefreshPlan}, behind all others. {@link Forgetter} takes out what is
 * not to be archived any more, while no job is active.
 *
 * <p>Who wants to know how a run goes on is a {@link RunObserver}.
 */
@NullMarked
package io.github.notearchive.job;

import org.jspecify.annotations.NullMarked;
