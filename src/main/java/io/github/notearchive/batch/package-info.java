/**
 * Infrastructure shared by all jobs.
 *
 * <p>{@link JobStarter} starts a job or restarts its unfinished instance, under a {@link RunnerLock} and supervised by
 * a {@link RunWatchdog}. {@link CrashRecovery} repairs the state of a killed process. A {@link Gate} stops a job once,
 * with a {@link StopReason}; {@link ExitStatusListener} records the {@link ExitCode}. {@link OutageDetector}
 * distinguishes outages from single failures. {@link JobExecutionQueries} is the only reader of Spring Batch's tables.
 *
 * <p>Uses: {@code note}, {@code io}. Used by: {@code nightly}, {@code maintenance}, {@code report}, {@code telemetry},
 * {@code cli}.
 */
@NullMarked
package io.github.notearchive.batch;

import org.jspecify.annotations.NullMarked;
