package io.github.notearchive.telemetry.logging;

import java.util.Map;
import org.springframework.boot.context.config.ConfigDataEnvironmentPostProcessor;
import org.springframework.boot.context.event.ApplicationEnvironmentPreparedEvent;
import org.springframework.context.ApplicationListener;
import org.springframework.core.Ordered;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.MapPropertySource;

/**
 * Selects the appender of {@code logback-spring.xml} after the settings are read and before anything is logged. An
 * unknown format selects the text appender here and is rejected by {@link LogProperties} later, with a readable
 * message.
 */
public final class LogAppender implements ApplicationListener<ApplicationEnvironmentPreparedEvent>, Ordered {

    private static final String FORMAT = "archive.log.format";

    /** The property that {@code logback-spring.xml} reads. */
    private static final String APPENDER = "logging.appender.of-format";

    @Override
    public void onApplicationEvent(ApplicationEnvironmentPreparedEvent event) {
        ConfigurableEnvironment environment = event.getEnvironment();
        String appender = LogProperties.ECS.equals(format(environment)) ? LogProperties.ECS : "text";
        environment.getPropertySources().addLast(new MapPropertySource("log appender", Map.of(APPENDER, appender)));
    }

    private static String format(ConfigurableEnvironment environment) {
        try {
            return environment.getProperty(FORMAT, "");
        } catch (IllegalArgumentException _) {
            return ""; // an unresolved placeholder, which is reported with the setting
        }
    }

    /** Between the settings files and the logging system. */
    @Override
    public int getOrder() {
        return ConfigDataEnvironmentPostProcessor.ORDER + 5;
    }
}
