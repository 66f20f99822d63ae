package dev.tributary.pipeline;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertThrows;
import static org.junit.Assert.assertTrue;

import dev.tributary.pipeline.contract.Contracts;
import dev.tributary.pipeline.feature.FeatureGroups;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.junit.Test;

public class CompiledInputsTest {
  @Test
  public void theJarCarriesTheContractsAndFeaturesOfTheRepository() {
    TributaryOptions options = PipelineOptionsFactory.create().as(TributaryOptions.class);
    CompiledInputs inputs = CompiledInputs.load(options);
    assertFalse(inputs.contracts().streams().isEmpty());
    assertFalse(inputs.features().groups().isEmpty());
  }

  @Test
  public void inputsMayBeGivenAsJson() {
    TributaryOptions options = PipelineOptionsFactory.create().as(TributaryOptions.class);
    options.setContracts(Samples.resource("/sample-contracts.json"));
    options.setFeatures(Samples.resource("/sample-features.json"));
    assertEquals(5, CompiledInputs.load(options).contracts().streams().size());
  }

  @Test
  public void aGroupThatReadsAFieldNoContractHasIsRefusedBeforeTheJobStarts() {
    String features =
        Samples.resource("/sample-features.json").replace("\"unit_price\"", "\"price\"");
    ConfigurationException refused =
        assertThrows(
            ConfigurationException.class, () -> FeatureGroups.parse(features, Samples.CONTRACTS));
    assertEquals("FEATURES_UNREADABLE", refused.code());
    assertTrue(refused.getMessage(), refused.getMessage().contains("no field price"));
  }

  @Test
  public void contractsThatAreNotJsonAreRefused() {
    assertEquals(
        "CONTRACTS_UNREADABLE",
        assertThrows(ConfigurationException.class, () -> Contracts.parse("{\"streams\":")).code());
  }
}
