package io.github.notearchive.telemetry.logging;

import ch.qos.logback.classic.pattern.ClassicConverter;
import ch.qos.logback.classic.pattern.MessageConverter;
import ch.qos.logback.classic.pattern.ThrowableProxyConverter;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import io.github.notearchive.batch.LogContext;
import io.github.notearchive.io.text.TerminalText;
import java.util.Map;

/** Conversion words of the text layout {@code logback/text.xml}. Logback creates the nested classes by name. */
public final class LogConverters {

    private LogConverters() {}

    /** Context of a log line as {@code [12 66aa…]}: the job execution, and the note id unless the message has it. */
    public static final class Context extends ClassicConverter {

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

    /** Log message without control characters, its further lines indented, so that it cannot imitate a log line. */
    public static final class Message extends MessageConverter {

        @Override
        public String convert(ILoggingEvent event) {
            String message = super.convert(event);
            return message == null ? "" : TerminalText.lines(message);
        }
    }

    /** Indented stack trace, so that no exception message can imitate a log line. */
    public static final class Failure extends ThrowableProxyConverter {

        @Override
        protected String throwableProxyToString(IThrowableProxy failure) {
            return "    " + TerminalText.lines(super.throwableProxyToString(failure));
        }
    }
}
