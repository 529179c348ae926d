/**
 * Metrics, notifications and logging. None of them changes the result of a run.
 *
 * <p>{@link io.github.notearchive.telemetry.RunTelemetry} observes one command from start to end.
 *
 * <p>Uses: {@code archive}, {@code batch}.
 */
@NullMarked
package io.github.notearchive.telemetry;

import org.jspecify.annotations.NullMarked;
