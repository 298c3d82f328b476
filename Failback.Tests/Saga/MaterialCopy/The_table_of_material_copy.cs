using Failback.Saga;

namespace Failback.Tests;

[Covers("I4", "I8")]
public sealed class The_table_of_material_copy
{
    [Fact]
    public void every_event_is_decided_in_every_state()
    {
        var machine = new MaterialCopyStateMachine();
        var events = machine.Events.Where(x => !x.Name.Contains('.')).Select(x => x.Name).Order().ToList();
        Assert.Equal(10, events.Count);
        foreach (var state in machine.States.Where(x => x.Name is not (CopyStates.Initial or CopyStates.Final)))
            Assert.Equal(events, machine.NextEvents(state).Select(x => x.Name).Where(x => !x.Contains('.')).Order());
        Assert.Equal(["StartDataCopy"], machine.NextEvents(machine.Initial).Select(x => x.Name).Where(x => !x.Contains('.')));
    }

    [Fact]
    public void the_names_of_the_states_are_those_of_the_rows() =>
        Assert.Equal(
            typeof(CopyStates).GetFields().Where(x => x.IsLiteral).Select(x => (string)x.GetRawConstantValue()!).Order(),
            new MaterialCopyStateMachine().States.Select(x => x.Name).Order()
        );

    [Fact]
    public void an_instance_takes_over_everything_that_was_decided()
    {
        var (instance, decided) = (new MaterialCopyState(), new MaterialCopyState());
        foreach (var property in typeof(MaterialCopyState).GetProperties().Where(x => x.CanWrite))
            property.SetValue(decided, Some(property.PropertyType));
        MaterialCopySteps.Become(instance, decided);
        var kept = typeof(MaterialCopyState)
            .GetProperties()
            .Where(x => !Equals(x.GetValue(instance), x.GetValue(decided)))
            .Select(x => x.Name);
        Assert.Equal(["CorrelationId", "CurrentState", "Version"], kept.Order());
    }

    private static object Some(Type type)
    {
        var plain = Nullable.GetUnderlyingType(type) ?? type;
        return plain switch
        {
            _ when plain == typeof(string) => "some",
            _ when plain == typeof(Guid) => Guid.NewGuid(),
            _ when plain == typeof(DateTime) => new DateTime(2026, 3, 1, 0, 0, 0, DateTimeKind.Utc),
            _ when plain == typeof(IReadOnlyList<UrgentPeriod>) => new[] { new UrgentPeriod("some", default, default) },
            _ when plain.IsEnum => Enum.GetValues(plain).GetValue(0)!,
            _ => Convert.ChangeType(7, plain),
        };
    }
}
