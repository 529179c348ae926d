/** Metrics of runs and of the archive: Prometheus text file, Pushgateway and OTLP. */
@NullMarked
package io.github.notearchive.telemetry.metrics;

import org.jspecify.annotations.NullMarked;
