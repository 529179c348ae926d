package io.github.notearchive.cli.config;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.context.config.ConfigDataEnvironmentPostProcessor;
import org.springframework.boot.logging.LogLevel;
import org.springframework.boot.logging.LoggingSystem;
import org.springframework.boot.support.SpringApplicationJsonEnvironmentPostProcessor;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.util.ResourceUtils;

/** Environment in which an empty variable is not set, since compose files and systemd units set empty ones. */
public final class SettingsEnvironment extends StandardEnvironment {

    private static final List<String> FILES = List.of("application.yml", "application.yaml", "application.properties");

    private static final String CONFIG_LOCATION = "spring.config.location";
    private static final String MORE_LOCATIONS = "spring.config.additional-location";

    /** Leaves a placeholder that cannot be resolved as it is; {@code config show} reports it. */
    public SettingsEnvironment() {
        setIgnoreUnresolvableNestedPlaceholders(true);
    }

    /** Sets the location of the default settings, so that files in the current directory are not read by accident. */
    public static void locate() {
        // the command reports a failed start itself
        logging().setLogLevel(SpringApplication.class.getName(), LogLevel.OFF);
        if (new SettingsEnvironment().getProperty(CONFIG_LOCATION) == null) {
            System.setProperty(CONFIG_LOCATION, "classpath:/config/");
        }
        requireReadable();
    }

    /**
     * Requires that settings files can be read: Spring Boot ignores a directory without permission, and with it the
     * limits that are set there.
     *
     * @throws CommandFailure if a settings file, or its directory, cannot be read
     */
    private static void requireReadable() {
        for (String location : places().toList()) {
            try {
                Path place = ResourceUtils.getFile(location).toPath();
                for (Path file : Files.isDirectory(place)
                        ? FILES.stream().map(place::resolve).toList()
                        : List.of(place)) {
                    requireReadable(file);
                }
            } catch (FileNotFoundException _) {
                // not a location of files
            }
        }
    }

    private static void requireReadable(Path file) {
        try {
            if (Files.readAttributes(file, BasicFileAttributes.class).isRegularFile()) {
                Files.newInputStream(file).close();
            }
        } catch (NoSuchFileException _) {
            // optional, or reported by Spring Boot
        } catch (IOException e) {
            throw CommandFailure.usage(
                    "The settings in %s cannot be read: %s; give user %s permission to read them, or remove the file"
                            .formatted(file, e, System.getProperty("user.name")));
        }
    }

    private static LoggingSystem logging() {
        return LoggingSystem.get(SettingsEnvironment.class.getClassLoader());
    }

    /** Describes where settings files are read from, besides the program itself. */
    public static String locations() {
        return places().map(location -> location.replaceFirst("^file:", "")).collect(Collectors.joining(" or "));
    }

    private static Stream<String> places() {
        SettingsEnvironment environment = new SettingsEnvironment();
        return Stream.of(CONFIG_LOCATION, MORE_LOCATIONS)
                .flatMap(name -> Stream.of(environment.getProperty(name, "").split("[;,]")))
                .map(location -> location.replaceFirst("^optional:", ""))
                .filter(location -> !location.isEmpty() && !location.startsWith("classpath:"));
    }

    /**
     * Reads the settings as every command does, without starting the program.
     *
     * @param settings settings of the option {@code --data-dir}, which have precedence over all others
     */
    public static ConfigurableEnvironment read(Map<String, String> settings) {
        locate();
        logging().beforeInitialize(); // no log output before logging is configured
        SettingsEnvironment environment = new SettingsEnvironment();
        new SpringApplicationJsonEnvironmentPostProcessor()
                .postProcessEnvironment(environment, new SpringApplication());
        ConfigDataEnvironmentPostProcessor.applyTo(environment);
        environment.getPropertySources().addFirst(new MapPropertySource("option --data-dir", new HashMap<>(settings)));
        return environment;
    }

    @Override
    public Map<String, Object> getSystemEnvironment() {
        Map<String, Object> variables = new HashMap<>(super.getSystemEnvironment());
        variables.values().removeIf(value -> value.toString().isBlank());
        return variables;
    }
}
