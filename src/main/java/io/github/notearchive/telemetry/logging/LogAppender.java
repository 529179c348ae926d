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

    @Override
    public void onApplicationEvent(ApplicationEnvironmentPreparedEvent event) {
        ConfigurableEnvironment environment = event.getEnvironment();
        String appender = LogProperties.ECS.equals(format(environment)) ? LogProperties.ECS : "text";
        Map<String, Object> setting = Map.of("logging.appender.of-format", appender);
        environment.getPropertySources().addLast(new MapPropertySource("log appender", setting));
    }

    private static String format(ConfigurableEnvironment environment) {
        try {
            return environment.getProperty("archive.log.format", "");
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
