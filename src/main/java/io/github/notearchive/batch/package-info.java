/**
 * Infrastructure shared by all jobs.
 *
 * <p>{@link JobRunner} starts a job or restarts its unfinished instance, under a {@link RunnerLock} and supervised by a
 * {@link RunWatchdog}, and marks executions of killed processes as crashed. A job is assembled for each run, from parts
 * that are constructed with its {@link JobRun}, which records the {@link ExitCode}. A {@link Gate} stops a run once,
 * with a {@link StopReason}. {@link OutageDetector} distinguishes outages from single failures.
 * {@link JobExecutionQueries} reads Spring Batch's tables.
 *
 * <p>Uses: nothing.
 */
@NullMarked
package io.github.notearchive.batch;

import org.jspecify.annotations.NullMarked;
