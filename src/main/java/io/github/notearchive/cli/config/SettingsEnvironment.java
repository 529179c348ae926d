package io.github.notearchive.cli.config;

import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.cli.CommandFailure;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HashMap;
import java.util.List;
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
import org.springframework.util.ResourceUtils;

/** An environment in which an empty variable is no setting, as compose files and units leave them. */
public final class SettingsEnvironment extends StandardEnvironment {

    /** Where the records that hold settings are. */
    public static final String PROGRAM = "io.github.notearchive";

    /** What a file of settings may be called. */
    private static final List<String> FILES = List.of("application.yml", "application.yaml", "application.properties");

    private static final String CONFIG_LOCATION = "spring.config.location";
    private static final String MORE_LOCATIONS = "spring.config.additional-location";

    /**
     * Says where settings come from when nobody says otherwise: the program itself, not whatever lies in the caller's
     * directory.
     */
    public static void locate() {
        // what it has to say of a start that fails is told by the command, once
        logging().setLogLevel(SpringApplication.class.getName(), LogLevel.OFF);
        if (System.getProperty(CONFIG_LOCATION) == null && System.getenv("SPRING_CONFIG_LOCATION") == null) {
            System.setProperty(CONFIG_LOCATION, "classpath:/config/");
        }
        requireReadable();
    }

    /**
     * A directory that nobody may look into would pass for one without a file, and a limit that stands there for none.
     *
     * @throws CommandFailure when a file of settings cannot be read, or not be looked for
     */
    private static void requireReadable() {
        for (String location : places().toList()) {
            Path place = path(location);
            for (Path file : Files.isDirectory(place)
                    ? FILES.stream().map(place::resolve).toList()
                    : List.of(place)) {
                try {
                    BasicFileAttributes found = Files.readAttributes(file, BasicFileAttributes.class);
                    if (found.isRegularFile()) {
                        Files.newInputStream(file).close();
                    }
                } catch (NoSuchFileException _) {
                    // all of them are optional, or missed by whoever reads them
                } catch (IOException e) {
                    throw new CommandFailure(
                            ExitCode.USAGE,
                            "The settings in "
                                    + file
                                    + " cannot be read: "
                                    + e
                                    + "; give user "
                                    + System.getProperty("user.name")
                                    + " the right to read them, or take the file away");
                }
            }
        }
    }

    /** Of a location as Spring takes it, which may be a URL with its escapes. */
    private static Path path(String location) {
        try {
            return ResourceUtils.getFile(location).toPath();
        } catch (FileNotFoundException | InvalidPathException e) {
            return Path.of(location);
        }
    }

    private static LoggingSystem logging() {
        return LoggingSystem.get(SettingsEnvironment.class.getClassLoader());
    }

    /** Where files of settings are looked for, beside the program itself. */
    public static String locations() {
        return places().map(location -> location.replaceFirst("^file:", "")).collect(Collectors.joining(" or "));
    }

    /** The same one by one, as Spring takes them. */
    private static Stream<String> places() {
        return Stream.of(
                        System.getProperty(CONFIG_LOCATION),
                        System.getenv("SPRING_CONFIG_LOCATION"),
                        System.getProperty(MORE_LOCATIONS),
                        System.getenv("SPRING_CONFIG_ADDITIONAL_LOCATION"))
                .filter(Objects::nonNull)
                .flatMap(locations -> Stream.of(locations.split("[;,]")))
                .map(location -> location.replaceFirst("^optional:", ""))
                .filter(location -> !location.startsWith("classpath:"));
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
