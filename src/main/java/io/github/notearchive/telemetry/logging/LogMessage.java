package io.github.notearchive.telemetry.logging;

import ch.qos.logback.classic.pattern.MessageConverter;
import ch.qos.logback.classic.spi.ILoggingEvent;
import io.github.notearchive.io.TerminalText;

/** A log message that cannot pass for two, whoever had a word in it. */
public final class LogMessage extends MessageConverter {

    @Override
    public String convert(ILoggingEvent event) {
        String message = super.convert(event);
        return message == null ? "" : TerminalText.lines(message);
    }
}
