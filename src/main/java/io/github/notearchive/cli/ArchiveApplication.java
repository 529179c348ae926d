package io.github.notearchive.cli;

import io.github.notearchive.cli.config.SettingsRecords;
import java.time.Clock;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.ComponentScan;
import org.springframework.context.annotation.Import;

/** Spring Boot application. Beans are created when they are first used, so a command starts only what it needs. */
@SpringBootConfiguration(proxyBeanMethods = false)
@EnableAutoConfiguration
@ComponentScan("io.github.notearchive")
@Import(SettingsRecords.class)
class ArchiveApplication {

    /** Clock of the program; the sandbox registers its own. */
    @Bean
    @ConditionalOnMissingBean
    Clock clock() {
        return Clock.systemUTC();
    }
}
