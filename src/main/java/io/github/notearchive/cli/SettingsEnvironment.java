package io.github.notearchive.cli;

import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.context.config.ConfigDataEnvironmentPostProcessor;
import org.springframework.boot.logging.LogLevel;
import org.springframework.boot.logging.LoggingSystem;
import org.springframework.boot.support.SpringApplicationJsonEnvironmentPostProcessor;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.StandardEnvironment;

/**
 * An environment in which an empty variable is no setting, as compose files and units leave them.
 */
final class SettingsEnvironment extends StandardEnvironment {

    /** Where the records that hold settings are. */
    static final String PROGRAM = "io.github.notearchive";

    private static final String CONFIG_LOCATION = "spring.config.location";
    private static final String MORE_LOCATIONS = "spring.config.additional-location";

    /**
     * Says where settings come from when nobody says otherwise: the program itself, not whatever
     * lies in the caller's directory.
     */
    static void locate() {
        // what it has to say of a start that fails is told by the command, once
        logging().setLogLevel(SpringApplication.class.getName(), LogLevel.OFF);
        if (System.getProperty(CONFIG_LOCATION) == null
                && System.getenv("SPRING_CONFIG_LOCATION") == null) {
            System.setProperty(CONFIG_LOCATION, "classpath:/config/");
        }
    }

    private static LoggingSystem logging() {
        return LoggingSystem.get(SettingsEnvironment.class.getClassLoader());
    }

    /** Where files of settings are looked for, beside the program itself. */
    static String locations() {
        return Stream.of(
                        System.getProperty(CONFIG_LOCATION),
                        System.getenv("SPRING_CONFIG_LOCATION"),
                        System.getProperty(MORE_LOCATIONS),
                        System.getenv("SPRING_CONFIG_ADDITIONAL_LOCATION"))
                .filter(Objects::nonNull)
                .flatMap(locations -> Stream.of(locations.split("[;,]")))
                .map(location -> location.replaceFirst("^optional:", "").replaceFirst("^file:", ""))
                .filter(location -> !location.startsWith("classpath:"))
                .collect(Collectors.joining(" or "));
    }

    /** The settings as every command has them, without the rest of the program. */
    static ConfigurableEnvironment read() {
        locate();
        // nothing is logged before somebody sets up where to
        logging().beforeInitialize();
        SettingsEnvironment environment = new SettingsEnvironment();
        new SpringApplicationJsonEnvironmentPostProcessor()
                .postProcessEnvironment(environment, new SpringApplication());
        ConfigDataEnvironmentPostProcessor.applyTo(environment);
        return environment;
    }

    @Override
    public Map<String, Object> getSystemEnvironment() {
        Map<String, Object> variables = new HashMap<>(super.getSystemEnvironment());
        variables.values().removeIf(value -> value.toString().isBlank());
        return variables;
    }
}
