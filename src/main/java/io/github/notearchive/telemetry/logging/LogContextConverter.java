package io.github.notearchive.telemetry.logging;

import ch.qos.logback.classic.pattern.ClassicConverter;
import ch.qos.logback.classic.spi.ILoggingEvent;
import io.github.notearchive.batch.LogContext;
import java.util.Map;

/** What a log line belongs to, as {@code [12 66aa…]}: the execution, and the note if it is about one. */
public final class LogContextConverter extends ClassicConverter {

    @Override
    public String convert(ILoggingEvent event) {
        Map<String, String> context = event.getMDCPropertyMap();
        String execution = context.get(LogContext.EXECUTION);
        String note = context.get(LogContext.NOTE);
        if (execution == null && note == null) {
            return "";
        }
        return "["
                + (execution == null ? "-" : execution)
                + (note == null || event.getFormattedMessage().contains(note) ? "" : " " + note)
                + "] ";
    }
}
