using System.Reflection;
using System.Text;
using Failback.Messages;

namespace Failback.Tests;

/// <summary>What others compiled against or parse. Members may be added as optional ones; nothing is removed, renamed or retyped.</summary>
public sealed class The_contracts_of_the_wire
{
    [Fact]
    public void are_the_approved_ones() => Snapshot.Matches(Describe(), "contracts.approved.txt");

    [Fact]
    public void are_the_ones_of_the_specification()
    {
        var expected = new Dictionary<Direction, string[]>
        {
            [Direction.In] =
            [
                nameof(CancelFailback),
                nameof(CancelMaterialCopy),
                nameof(FailoverCompleted),
                nameof(FailoverStarted),
                nameof(FetchPeriodNow),
                nameof(LicenceChanged),
                nameof(MaintenanceModeChanged),
                nameof(ManualFailbackRequested),
                nameof(PauseMaterialCopy),
                nameof(RecorderConfigured),
                nameof(RecorderDisconnected),
                nameof(RecorderReconnected),
                nameof(RecorderSettingsCached),
                nameof(RecorderSnapshot),
                nameof(ReportChangesSince),
                nameof(ResumeMaterialCopy),
                nameof(SetCopyLimits),
                nameof(StartDataCopy),
                nameof(UpdateClientInfo),
                nameof(UpdateFailoverTaskStates),
            ],
            [Direction.Work] =
            [
                nameof(CopyChannelData),
                nameof(HoldPeriod),
                nameof(InspectRecorders),
                nameof(PlanMaterialCopy),
                nameof(ProveMaterialCopy),
                nameof(ReadRecorderSettings),
                nameof(ReleaseFailoverServer),
                nameof(ReleaseHold),
                nameof(RestoreRecorder),
            ],
            [Direction.Answer] =
            [
                nameof(ChannelDataAnswered),
                nameof(FailoverServerReleased),
                nameof(HoldChanged),
                nameof(MaterialCopyPlanned),
                nameof(MaterialCopyProved),
                nameof(RecorderNotRestored),
                nameof(RecorderRecording),
                nameof(RecorderSettingsRead),
                nameof(RecordersInspected),
            ],
            [Direction.Out] =
            [
                nameof(FailbackCompleted),
                nameof(FailbackFailed),
                nameof(FailbackRejected),
                nameof(FailbackStarted),
                nameof(MaterialCopyCompleted),
                nameof(MaterialCopyFailed),
                nameof(MaterialCopyProgressed),
                nameof(MaterialCopyRejected),
                nameof(MaterialCopyStarted),
                nameof(SystemChanged),
            ],
        };
        foreach (var (direction, names) in expected)
            Assert.Equal(names, Contracts.All.Where(x => x.Direction == direction).Select(x => x.Name));
    }

    [Fact]
    public void are_sealed_records_of_plain_values_in_one_namespace()
    {
        foreach (var type in Contracts.Types)
        {
            Assert.Equal("Failback.Messages", type.Namespace);
            if (type.IsEnum)
                continue;
            Assert.True(type.IsSealed && type.BaseType == typeof(object), $"{type.Name} must be a sealed record that inherits nothing");
            Assert.True(type.GetMethod("<Clone>$") is not null, $"{type.Name} must be a record");
            Assert.DoesNotContain(type.GetMethods(BindingFlags.DeclaredOnly | BindingFlags.Public | BindingFlags.Instance), IsBehaviour);
            foreach (var property in type.GetProperties())
                Assert.True(IsInitOnly(property), $"{type.Name}.{property.Name} must be {{ get; init; }}");
        }
    }

    [Fact]
    public void say_in_their_comment_who_says_them_to_whom()
    {
        var inside = Contracts.All.SelectMany(x => PartsOf(x.Type)).ToHashSet();
        foreach (var part in Contracts.Parts)
            Assert.True(
                inside.Contains(part),
                $"{part.Name} is in no contract, and its comment does not start with In:, Work:, Answer, Out:, Internal: or Document:"
            );
    }

    [Fact]
    public void have_enums_whose_missing_number_is_seen()
    {
        foreach (var type in Contracts.Enums.Where(x => x != typeof(MaterialCopyStatus)))
            Assert.False(Enum.IsDefined(type, 0), $"{type.Name} has a 0: a member that was left out would look like it");
        Assert.Equal(0, (int)MaterialCopyStatus.None);
    }

    private static string Describe()
    {
        var text = new StringBuilder();
        foreach (var contract in Contracts.All)
            Describe(text.Append($"{contract.Urn} ({contract.Direction})\n"), contract.Type);
        foreach (var part in Contracts.Parts)
            Describe(text.Append($"part {part.Name}\n"), part);
        foreach (var type in Contracts.Enums)
        {
            text.Append($"enum {type.Name}\n");
            foreach (var name in Enum.GetNames(type))
                text.Append($"  {name} = {(int)Enum.Parse(type, name)}\n");
        }
        return text.ToString();
    }

    private static void Describe(StringBuilder text, Type type)
    {
        foreach (var member in Contracts.MembersOf(type))
        {
            var presence = member.Required ? "required" : "optional";
            if (member.Default is not null and not System.Collections.IEnumerable)
                presence += $", {member.Default} when left out";
            text.Append($"  {member.Name}: {member.TypeName}, {presence}\n");
        }
    }

    private static IEnumerable<Type> PartsOf(Type type)
    {
        foreach (var member in Contracts.MembersOf(type))
        {
            var part = Contracts.ItemOf(member.Type) ?? member.Type;
            if (part.Assembly != Contracts.Assembly || part.IsEnum)
                continue;
            yield return part;
            foreach (var deeper in PartsOf(part))
                yield return deeper;
        }
    }

    private static bool IsBehaviour(MethodInfo method) =>
        !method.IsSpecialName && method.Name is not ("ToString" or "GetHashCode" or "Equals" or "<Clone>$");

    private static bool IsInitOnly(PropertyInfo property) =>
        property.SetMethod is { } set
        && set.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(System.Runtime.CompilerServices.IsExternalInit));
}
