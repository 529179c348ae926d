/** Log layout and filters: context of a note, throttled outage messages, redaction of secrets. */
@NullMarked
package io.github.notearchive.telemetry.logging;

import org.jspecify.annotations.NullMarked;
