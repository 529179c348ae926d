package io.github.notearchive.cli.config;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.env.YamlPropertySourceLoader;
import org.springframework.boot.origin.Origin;
import org.springframework.boot.origin.OriginLookup;
import org.springframework.boot.origin.SystemEnvironmentOrigin;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.MutablePropertySources;
import org.springframework.core.env.PropertySource;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.env.SystemEnvironmentPropertySource;
import org.springframework.core.io.ClassPathResource;
import org.springframework.core.io.FileSystemResource;
import org.springframework.core.io.Resource;

/** Environment with the default settings, and with variables and a file of a test. */
final class SettingsFixture {

    private SettingsFixture() {}

    static ConfigurableEnvironment with(Map<String, String> variables) {
        return with(null, variables);
    }

    static ConfigurableEnvironment with(@Nullable Path file, Map<String, String> variables) {
        StandardEnvironment environment = new StandardEnvironment() {
            @Override
            protected void customizePropertySources(MutablePropertySources sources) {
                sources.addLast(new Variables(new HashMap<>(variables)));
            }

            @Override
            @SuppressWarnings({"unchecked", "rawtypes"})
            public Map<String, Object> getSystemEnvironment() {
                return (Map) variables;
            }
        };
        if (file != null) {
            load(environment, "file", new FileSystemResource(file));
        }
        load(environment, "program", new ClassPathResource("config/application.yml"));
        return environment;
    }

    private static void load(ConfigurableEnvironment environment, String name, Resource resource) {
        try {
            List<PropertySource<?>> sources =
                    new YamlPropertySourceLoader().load("Config resource '" + name + "'", resource);
            sources.forEach(environment.getPropertySources()::addLast);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Source with origins, as Spring Boot creates it. */
    private static final class Variables extends SystemEnvironmentPropertySource implements OriginLookup<String> {

        Variables(Map<String, Object> variables) {
            super(StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME, variables);
        }

        @Override
        public @Nullable Origin getOrigin(String key) {
            String name = resolvePropertyName(key);
            return containsProperty(name) ? new SystemEnvironmentOrigin(name) : null;
        }
    }
}
