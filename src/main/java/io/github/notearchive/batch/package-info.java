/**
 * What all jobs share: job start and restart, the runner lock, crash recovery, stop, exit codes, outage detection and
 * queries on Spring Batch's tables.
 *
 * <p>Used by: {@code nightly}, {@code maintenance}, {@code report}, {@code telemetry}.
 */
@NullMarked
package io.github.notearchive.batch;

import org.jspecify.annotations.NullMarked;
