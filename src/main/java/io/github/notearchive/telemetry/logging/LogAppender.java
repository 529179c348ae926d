package io.github.notearchive.telemetry.logging;

import java.util.Map;
import org.springframework.boot.context.config.ConfigDataEnvironmentPostProcessor;
import org.springframework.boot.context.event.ApplicationEnvironmentPreparedEvent;
import org.springframework.context.ApplicationListener;
import org.springframework.core.Ordered;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.MapPropertySource;

/**
 * Chooses the appender of {@code logback-spring.xml} when the settings are read and nothing is logged yet. A format
 * that there is none for is refused by {@link LogProperties}, in better words than those of the library, and these are
 * to be read as text.
 */
public final class LogAppender implements ApplicationListener<ApplicationEnvironmentPreparedEvent>, Ordered {

    private static final String FORMAT = "archive.log.format";

    /** What {@code logback-spring.xml} asks for. */
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
            return ""; // a word in braces that nobody has set, which is told with the setting
        }
    }

    /** Between the files of settings and the logging. */
    @Override
    public int getOrder() {
        return ConfigDataEnvironmentPostProcessor.ORDER + 5;
    }
}
