package io.github.notearchive.nightly;

import io.github.notearchive.cli.WholeProgram;
import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.test.context.ContextConfiguration;

/**
 * The real job on a real, emptied PostgreSQL and S3 store, against the sandbox's provider over real sockets.
 * {@link NightlyScenario} is its fixture.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Documented
@Inherited
@SpringBootTest(
        classes = {WholeProgram.class, NightlyScenario.class},
        webEnvironment = SpringBootTest.WebEnvironment.NONE)
@ContextConfiguration(initializers = NightSettings.class)
@ExtendWith(EmptyArchive.class)
@ResourceLock("nights")
@Execution(ExecutionMode.CONCURRENT) // the class, not its methods
@Timeout(60)
public @interface NightlyJobTest {}
